"""The boundary between the judge and the worker: what crosses it, and how.

    channel    frames of bytes over file descriptors
    wire       the messages, as plain structs, to frames and back
    tensors    tensors to bytes and back; `arrays`: the same for numpy
    naming     what both sides know by name
    objects    how a side treats what is not plain data
    watch      what becomes of things that both sides hold a copy of
    shares     which things those are while a call is under way
    links      which tensors those are as long as a test runs, and the pieces of autograd's graph
    outgoing   Python values to wire values
    incoming   wire values to Python values
    gradients  the autograd graph, continued on the other side
    failures   exceptions to messages and back
    peer       one end of the channel: ask, and answer while waiting
    memory     an allocator setting that large tensors gain by
    standin    what the judge holds in place of an object that stays in the worker

Both ends run the same code. They differ in trust: the worker decodes what the judge sends and
exports any object as a handle; the judge decodes plain data only, and exports nothing but the
functions and iterators that a test passed in. Nothing is ever unpickled or evaluated, on either
side. Whatever a worker sends, decoding it in the judge gives plain data or a `ProtocolError`.

What does not cross:

- the history of an argument: its graph ends at the call, and goes on from there in the judge, so
  the submission cannot walk it, or differentiate one argument with respect to another;
- memory shared by two tensors: views arrive as tensors of their own, and so do buffers of a
  module and other results; parameters, arguments and leaves that require grad keep their identity;
- what a test does to an argument after the call, where the submission kept it;
- autocast, the default dtype and the default device of the judge: set them by `remote("torch")`;
- hooks on a parameter that run after its gradient was accumulated: that happens in the judge;
- attributes added to a tensor, the class of a tensor, list, dict or number beyond torch's,
  numpy's and Python's own; sparse, quantized and nested tensors; arrays of text or objects;
- modules and other objects that a suite defines: functions and iterators alone are called back;
- more than 256 MiB of tensors and arrays, or 16 MiB of everything else, at once.
"""
