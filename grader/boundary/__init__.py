"""The boundary between the judge and the worker: what crosses it, and how.

    wire       the messages, as plain structs, and the channel that carries them
    arrays     tensors and numpy arrays to bytes and back
    exchange   Python values to wire values and back; what a message shares with its answer
    peer       one end of the channel: ask, and answer while waiting
    gradients  the autograd graph, continued on the other side
    standin    what the judge holds in place of an object that stays in the worker

Both ends run the same code. They differ in trust: the worker decodes what the judge sends and
exports any object as a handle; the judge decodes plain data only, and exports nothing but the
functions that a test passed in. Nothing is ever unpickled or evaluated, on either side.
"""
