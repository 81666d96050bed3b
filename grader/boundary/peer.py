"""One end of the channel: ask, and answer while waiting.

Calls nest like function calls: while the judge waits for the worker's answer, the worker may
call a function that the test passed in, which may call the submission again, and so on. So a
peer that waits for an answer serves the calls that come before it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch

from grader.boundary import failures, gradients, wire
from grader.boundary.arrays import CannotCross, tensor_from_wire, tensor_to_wire
from grader.boundary.exchange import Incoming, Objects, Outgoing, apply_update
from grader.boundary.links import Graph, Links
from grader.boundary.wire import Channel, ProtocolError

Operation = Callable[..., Any]


class Peer:
    """One end of the channel.

    Args:
        sign: +1 for the judge, -1 for the worker; tells apart the keys that each gives.
        operations: what the other side may ask for, by name.

    Asking raises:
        Raised: what the other side raised, also of its builtin class.
        CannotCross: where an argument or a result cannot be sent.
        ChannelClosed, ProtocolError: the other side is gone, or talks nonsense.
    """

    def __init__(self, channel: Channel, sign: int, operations: dict[str, Operation]) -> None:
        self.channel = channel
        self.links = Links(sign)
        self.objects: Objects = NoObjects()
        self.filename: str | None = None  # the submission's file, as tracebacks name it
        self._operations = operations | {"backward": self._product}
        self._asking: list[Outgoing] = []
        self._answering: list[Incoming] = []
        self._thrown: dict[int, BaseException] = {}
        self._graphs_released: list[int] = []

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
        return []

    def release(self, ids: list[int]) -> None:
        """Handles that the other side no longer holds."""

    # asking

    def ask(self, op: str, /, *args: Any, **kwargs: Any) -> Any:
        """Have the other side do `op`, and wait for what comes of it."""
        outgoing = Outgoing(self.links, self.objects)
        call = wire.Call(
            op=op,
            args=[outgoing.encode(arg) for arg in args],
            kwargs={name: outgoing.encode(arg) for name, arg in kwargs.items()},
            grad=torch.is_grad_enabled(),
            updates=self.links.mirror_updates() + self._changes(outgoing),
            released=self.released(),
            graphs=self._take_released_graphs(),
        )
        self._asking.append(outgoing)
        try:
            return self._receive(self._exchange(call), outgoing)
        finally:
            self._asking.pop()

    def _changes(self, outgoing: Outgoing) -> list[wire.Update]:
        """What this side did to arguments of the calls that it is still busy with."""
        return [update for incoming in self._answering for update in incoming.changes(outgoing)]

    def _take_released_graphs(self) -> list[int]:
        ids, self._graphs_released[:] = list(self._graphs_released), []
        return ids

    def _exchange(self, call: wire.Call) -> wire.Answer | wire.Failure:
        self.channel.send(wire.encode(call))
        while True:
            message = wire.decode(self.channel.receive())
            if not isinstance(message, wire.Call):
                return message
            self.channel.send(self._answer(message))

    def _receive(self, message: wire.Answer | wire.Failure, asked: Outgoing) -> Any:
        if message.notes is not None:
            self.noted(message.notes)
        incoming = Incoming(self.links, self.objects, asked)
        if isinstance(message, wire.Answer) and message.graph:
            incoming.outputs = self._outputs(message)
        for update in message.updates:
            self._apply(update, incoming)
        if isinstance(message, wire.Failure):
            raise self._thrown.pop(message.token, None) or failures.exception(message)
        return incoming.decode(message.value)

    def _outputs(self, answer: wire.Answer) -> tuple[torch.Tensor, ...]:
        ticket = gradients.Ticket(answer.graph, self._ask_product, self._graphs_released)
        leaves = [self.links.mirror_of_leaf(leaf) for leaf in answer.leaves]
        outputs = [tensor_from_wire(output) for output in answer.outputs]
        if not all(tensor.is_floating_point() or tensor.is_complex() for tensor in outputs):
            raise ProtocolError("only floating point tensors have a gradient")
        return gradients.cross(ticket, outputs, leaves)

    def _ask_product(self, graph: int, grads: list[torch.Tensor | None]) -> list[torch.Tensor | None]:
        product = self.ask("backward", graph, *grads)
        if not isinstance(product, list) or not all(part is None or isinstance(part, torch.Tensor) for part in product):
            raise ProtocolError("gradients are tensors")
        return product

    def _apply(self, update: wire.Update, incoming: Incoming) -> None:
        owner = next((asked for asked in reversed(self._asking) if update.key in asked.shared), None)
        if owner is None:
            self.links.apply(update)
        else:
            apply_update(update, owner, incoming, self.links)

    # answering

    def serve(self) -> None:
        """Answer calls until the other side closes the channel."""
        with contextlib.suppress(wire.ChannelClosed):
            while True:
                message = wire.decode(self.channel.receive())
                if not isinstance(message, wire.Call):
                    raise ProtocolError("an answer to no call")
                self.channel.send(self._answer(message))

    def _answer(self, call: wire.Call) -> bytes:
        incoming = Incoming(self.links, self.objects)
        try:
            for update in call.updates:
                self._apply(update, incoming)
            self.release(call.released)
            for graph in call.graphs:
                self.links.graphs.pop(graph, None)
            answer: wire.Message = self._run(call, incoming)
            return wire.encode(answer)
        except (SystemExit, KeyboardInterrupt, GeneratorExit, ProtocolError, wire.ChannelClosed):
            raise
        except BaseException as error:
            return wire.encode(self._failure(error, incoming))

    def _run(self, call: wire.Call, incoming: Incoming) -> wire.Answer:
        operation = self._operations.get(call.op)
        if operation is None:
            raise ProtocolError(f"no such operation: {call.op[:40]!r}")
        args = [incoming.decode(arg) for arg in call.args]
        kwargs = {name: incoming.decode(arg) for name, arg in call.kwargs.items()}
        with self._busy_with(incoming), torch.set_grad_enabled(call.grad), self.running(call.op):
            result = operation(*args, **kwargs)
        outgoing = Outgoing(self.links, self.objects, answers=incoming)
        with torch._C.DisableTorchFunctionSubclass():  # a subclass's own methods have no say in this
            answer = wire.Answer(value=outgoing.encode(result), updates=incoming.changes(outgoing))
            self._add_graph(answer, outgoing.outputs)
            answer.updates += self.links.shown_updates()
        answer.notes = self.notes()
        return answer

    @contextlib.contextmanager
    def _busy_with(self, incoming: Incoming) -> Iterator[None]:
        self._answering.append(incoming)
        try:
            yield
        finally:
            self._answering.pop()

    def _add_graph(self, answer: wire.Answer, outputs: list[torch.Tensor]) -> None:
        if not outputs:
            return
        leaves = gradients.reachable_leaves(outputs)
        answer.graph = abs(self.links.new_key())
        self.links.graphs[answer.graph] = Graph(outputs, leaves)
        answer.leaves = [self._leaf(leaf) for leaf in leaves]
        answer.outputs = [tensor_to_wire(output) for output in outputs]

    def _leaf(self, tensor: torch.Tensor) -> wire.Leaf:
        key = self.links.name_of(tensor)
        if not key or self.links.is_ours(key):
            key, _ = self.links.show(tensor)
        dtype, device = str(tensor.dtype).removeprefix("torch."), str(tensor.device)
        return wire.Leaf(key, dtype, list(tensor.shape), device, isinstance(tensor, torch.nn.Parameter))

    def _product(self, graph: int, *grads: torch.Tensor | None) -> list[torch.Tensor | None]:
        """The operation `backward`: gradients of a graph's leaves, given those of its outputs."""
        known = self.links.graphs.get(graph)
        if known is None or len(known.outputs) != len(grads):
            raise ProtocolError(f"no graph {graph} with {len(grads)} outputs")
        return gradients.vector_jacobian_product(known.outputs, known.leaves, list(grads))

    def _failure(self, error: BaseException, incoming: Incoming) -> wire.Failure:
        message = failures.failure(error, self.filename)
        with contextlib.suppress(CannotCross):
            message.updates = incoming.changes(Outgoing(self.links, self.objects, answers=incoming))
        if isinstance(error, failures.Raised) and error.origin:
            message.token = error.origin
        elif self._asking:
            message.origin = abs(self.links.new_key())
            self._thrown[message.origin] = error
        message.notes = self.notes()
        return message


class NoObjects:
    """A side with nothing but plain data."""

    def export(self, value: Any) -> Any:
        raise CannotCross(f"a {type(value).__name__} cannot cross")

    def resolve(self, sent: Any) -> Any:
        raise ProtocolError("no such object")

    def named(self, qualified: str) -> Any:
        raise ProtocolError("no such name")
