"""One end of the channel: ask, and answer while waiting.

Calls nest like function calls: while the judge waits for the worker's answer, the worker may
call a function that the test passed in, which may call the submission again, and so on. So a
peer that waits for an answer serves the calls that come before it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import _disable_current_modes

from grader.boundary import failures, gradients, wire
from grader.boundary.incoming import Incoming
from grader.boundary.links import Graph, Links
from grader.boundary.objects import NoObjects, Objects
from grader.boundary.outgoing import Outgoing
from grader.boundary.shares import Busy
from grader.boundary.tensors import dtype_name, tensor_from_wire, tensor_to_wire
from grader.boundary.wire import Channel, ProtocolError

Operation = Callable[..., Any]

MAX_NESTED = 40
"""How many calls may wait for one another on one side."""


def undisturbed() -> contextlib.AbstractContextManager[Any]:
    """What is done to tensors for the boundary's sake: neither subclasses nor modes (bans, …) notice it."""
    if not torch._C._len_torch_dispatch_stack():
        return torch._C.DisableTorchFunction()
    stack = contextlib.ExitStack()
    stack.enter_context(torch._C.DisableTorchFunction())
    stack.enter_context(_disable_current_modes())
    return stack


class Peer:
    """One end of the channel.

    Args:
        sign: +1 for the judge, -1 for the worker; tells apart the keys that each gives.
        operations: what the other side may ask for, by name.

    Asking raises:
        Raised: what the other side raised, also of its builtin class. A result that cannot be sent
            is a TypeError of the other side.
        CannotCross: where an argument cannot be sent.
        ChannelClosed, ProtocolError: the other side is gone, or talks nonsense.

    What the channel itself raises, of whatever class, comes out of the outermost `ask` as it is.
    """

    def __init__(self, channel: Channel, sign: int, operations: dict[str, Operation]) -> None:
        self.channel = channel
        self.links = Links(sign)
        self.objects: Objects = NoObjects()
        self.filename: str | None = None  # the submission's file, as tracebacks name it
        self._operations = operations | {"backward": self._product}
        self._busy = Busy()
        self._thrown: dict[int, BaseException] = {}
        self._graphs_released: list[int] = []
        self._broken = False

    # to be replaced by a side that has more to say

    def running(self, op: str) -> contextlib.AbstractContextManager[Any]:
        """A context around each operation that the other side asked for."""
        return contextlib.nullcontext()

    def notes(self) -> wire.Notes | None:
        """What to send beside an answer."""
        return None

    def noted(self, notes: wire.Notes) -> None:
        """What came beside an answer."""

    def released(self) -> list[int]:
        """Handles that this side no longer holds."""
        return self.objects.released()

    def release(self, ids: list[int]) -> None:
        """Handles that the other side no longer holds."""
        self.objects.release(ids)

    # asking

    def ask(self, op: str, /, *args: Any, **kwargs: Any) -> Any:
        """Have the other side do `op`, and wait for what comes of it."""
        if len(self._busy.asking) >= MAX_NESTED:
            raise RecursionError(f"more than {MAX_NESTED} calls across the boundary wait for one another")
        outgoing = Outgoing(self.links, self.objects, self._busy)
        with undisturbed():
            call = wire.Call(
                op=op,
                args=[outgoing.encode(arg) for arg in args],
                kwargs={name: outgoing.encode(arg) for name, arg in kwargs.items()},
                grad=torch.is_grad_enabled(),
                updates=self._changes(outgoing),
                released=self.released(),
                graphs=self._take_released_graphs(),
            )
            frame = wire.encode(call)
        self._busy.asking.append(outgoing)
        try:
            message = self._exchange(frame)
            with undisturbed():
                return self._receive(message)
        finally:
            self._busy.asking.pop()
            if not self._busy.asking:
                self._thrown.clear()

    def _changes(self, outgoing: Outgoing) -> list[wire.Update]:
        """What this side did to all that the other side holds a copy of."""
        return self._busy.changes(outgoing) + self.links.changes(outgoing)

    def _take_released_graphs(self) -> list[int]:
        ids, self._graphs_released[:] = list(self._graphs_released), []
        return ids

    def _exchange(self, frame: list[wire.Part]) -> wire.Answer | wire.Failure:
        self._send(frame)
        while True:
            message = self._next()
            if not isinstance(message, wire.Call):
                return message
            self._send(self._answer(message))

    def _send(self, frame: list[wire.Part]) -> None:
        try:
            self.channel.send(frame)
        except BaseException:
            self._broken = True
            raise

    def _next(self) -> wire.Message:
        try:
            return wire.decode(self.channel.receive())
        except BaseException:
            self._broken = True
            raise

    def _receive(self, message: wire.Answer | wire.Failure) -> Any:
        if message.notes is not None:
            self.noted(message.notes)
        incoming = Incoming(self.links, self.objects, self._busy, answers=True)
        if message.graph:
            incoming.outputs = self._outputs(message)
        self._apply(message.updates, incoming)
        if isinstance(message, wire.Answer):
            return incoming.decode(message.value)
        thrown = self._thrown.pop(message.token, None)
        raise failures.exception(message) if thrown is None else thrown

    def _outputs(self, answer: wire.Answer | wire.Failure) -> tuple[torch.Tensor, ...]:
        ticket = gradients.Ticket(answer.graph, self._ask_product, self._graphs_released)
        leaves = [self._leaf_from_wire(leaf) for leaf in answer.leaves]
        return gradients.cross(ticket, [tensor_from_wire(output) for output in answer.outputs], leaves)

    def _leaf_from_wire(self, leaf: wire.Leaf) -> torch.Tensor:
        holder = self._busy.holder(leaf.key)
        went = holder.things[leaf.key] if holder is not None else None
        tensor = went if isinstance(went, torch.Tensor) else self.links.mirror(leaf)
        if not tensor.requires_grad:  # it is about to be told so by an update
            try:
                tensor.requires_grad_()
            except RuntimeError as error:
                raise ProtocolError(f"not a leaf: {str(error)[:200]}") from None
        return tensor

    def _ask_product(self, graph: int, grads: list[torch.Tensor | None]) -> Any:
        return self.ask("backward", graph, *grads)

    def _apply(self, updates: list[wire.Update], incoming: Incoming) -> None:
        for update in updates:
            holder = self._busy.holder(update.key)
            if holder is None:
                self.links.apply(update, incoming.outputs)
            else:
                incoming.apply(update, holder.things[update.key])
                holder.rewatch(update.key)
        incoming.check(thing for call in self._busy for thing in call.things.values())

    # answering

    def serve(self) -> None:
        """Answer calls until the other side closes the channel."""
        with contextlib.suppress(wire.ChannelClosed):
            while True:
                message = self._next()
                if not isinstance(message, wire.Call):
                    raise ProtocolError("an answer to no call")
                self._send(self._answer(message))

    def _answer(self, call: wire.Call) -> list[wire.Part]:
        incoming = Incoming(self.links, self.objects, self._busy)
        try:
            with undisturbed():
                self._apply(call.updates, incoming)
            self.release(call.released)
            for graph in call.graphs:
                self.links.graphs.pop(graph, None)
            return self._run(call, incoming)
        except (SystemExit, KeyboardInterrupt, GeneratorExit, ProtocolError):
            raise
        except BaseException as error:
            if self._broken:
                raise
            return self._failure(error, incoming)

    def _run(self, call: wire.Call, incoming: Incoming) -> list[wire.Part]:
        operation = self._operations.get(call.op)
        if operation is None:
            raise ProtocolError(f"no such operation: {call.op[:40]!r}")
        with undisturbed():
            args = [incoming.decode(arg) for arg in call.args]
            kwargs = {name: incoming.decode(arg) for name, arg in call.kwargs.items()}
            for asked in self._busy.asking:
                asked.watch()
        self._busy.answering.append(incoming)
        try:
            with torch.set_grad_enabled(call.grad), self.running(call.op):
                result = operation(*args, **kwargs)
            outgoing = Outgoing(self.links, self.objects, self._busy, answers=True)
            with undisturbed():
                return self._reply(wire.Answer(outgoing.encode(result)), outgoing)
        finally:
            self._busy.answering.pop()

    def _reply(self, message: wire.Answer | wire.Failure, outgoing: Outgoing) -> list[wire.Part]:
        message.updates = self._changes(outgoing)
        if outgoing.outputs:
            leaves = gradients.reachable_leaves(outgoing.outputs)
            message.graph = abs(self.links.new_key())
            self.links.graphs[message.graph] = Graph(outgoing.outputs, leaves)
            message.leaves = [self._leaf_to_wire(leaf) for leaf in leaves]
            message.outputs = [tensor_to_wire(output) for output in outgoing.outputs]
            message.updates += self.links.changes(outgoing)  # of leaves that the other side is told of only now
        message.notes = self.notes()
        return wire.encode(message)

    def _leaf_to_wire(self, tensor: torch.Tensor) -> wire.Leaf:
        key = self._busy.key_of(tensor) or self.links.key_of(tensor)
        if not key or (self.links.is_ours(key) and self._busy.holder(key) is None):
            key = self.links.show(tensor, None)
        parameter = isinstance(tensor, torch.nn.Parameter)
        return wire.Leaf(key, dtype_name(tensor.dtype), list(tensor.shape), str(tensor.device), parameter)

    def _product(self, graph: int, *grads: torch.Tensor | None) -> list[torch.Tensor | None]:
        """The operation `backward`: gradients of a graph's leaves, given those of its outputs."""
        known = self.links.graphs.get(graph) if type(graph) is int else None
        if known is None or len(known.outputs) != len(grads):
            raise ProtocolError("no such graph")
        return gradients.vector_jacobian_product(known.outputs, known.leaves, list(grads))

    def _failure(self, error: BaseException, incoming: Incoming) -> list[wire.Part]:
        message = failures.failure(error, self.filename)
        if isinstance(error, failures.Raised) and error.origin:
            message.token = error.origin
        elif self._busy.asking:
            message.origin = abs(self.links.new_key())
            self._thrown[message.origin] = error
            if isinstance(error, AssertionError) or not isinstance(error, Exception):
                message.message = "(a check that failed)"  # it comes back as itself; its text is nobody's business
        self._busy.answering.append(incoming)
        try:
            outgoing = Outgoing(self.links, self.objects, self._busy, answers=True)
            with undisturbed():
                return self._reply(message, outgoing)
        except Exception:  # what was changed cannot be told
            message.updates, message.outputs, message.leaves, message.graph = [], [], [], 0
            return wire.encode(message)
        finally:
            self._busy.answering.pop()
