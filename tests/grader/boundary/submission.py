"""What a student might hand in; the worker of these tests runs it. Some lines are referred to by number."""

from __future__ import annotations

import enum
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn


def fails(kind: type[BaseException], text: str = "so it is") -> None:
    if kind is not None:
        raise kind(text)


class OwnError(ValueError):
    """An error of the student's own."""


def fails_in_its_own_way() -> None:
    raise OwnError("mine")


def fails_awkwardly(how: str) -> Any:
    class Unreadable(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    if how == "unreadable":
        raise Unreadable
    if how == "odd name":
        raise type("a b<c" * 100, (KeyError,), {})("x" * 10_000 + "\udc80")
    if how == "unicode":
        return b"\xff".decode()
    raise ExceptionGroup("several", [ValueError("one")])


# --- values ---


def same(value: Any) -> Any:
    return value


def kind_of(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def is_the_same(a: Any, b: Any) -> bool:
    return a is b


def facts(tensor: Tensor) -> tuple[Any, ...]:
    return tuple(tensor.shape), tensor.stride(), tensor.dtype, tensor.requires_grad, tensor.is_leaf, tensor.is_conj()


def byte_sum(tensor: Tensor) -> int:
    return int(tensor.detach().resolve_conj().resolve_neg().contiguous().flatten().view(torch.uint8).long().sum())


def keywords(a: Any, *rest: Any, b: Any = None, **more: Any) -> Any:
    return [a, list(rest), b, more]


def twice(value: Any) -> Any:
    return [value, value]


def two_alike() -> tuple[Tensor, Tensor]:
    state = torch.zeros(3)
    return state, state


def containers() -> Any:
    ordered: OrderedDict[str, Any] = OrderedDict(a=1, b=torch.ones(2))
    return [ordered, {1, 2}, frozenset({3}), (4, [5]), torch.Size([6, 7])]


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def cyclic() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


class Pair(NamedTuple):
    left: int
    right: Tensor


def pair() -> Pair:
    return Pair(1, torch.ones(2))


def top(x: Tensor) -> Any:
    return torch.max(x, dim=0)


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 3


def enums() -> Any:
    return [Colour.RED, Level.HIGH]


def odd_numbers() -> Any:
    class MyFloat(float):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = float.__hash__

    return [MyFloat(1.5), np.float32(2.5), np.int64(3), np.bool_(True), True]


def unsendable(which: str) -> Any:
    makers: dict[str, Callable[[], Any]] = {
        "sparse": lambda: torch.ones(2, 2).to_sparse(),
        "objects": lambda: np.array([object()]),
        "deep": lambda: nested(100),
        "cyclic": cyclic,
        "large int": lambda: 1 << 100_000,
        "many keys": lambda: {(i,): i for i in range(10_000)},
        "large": lambda: torch.empty(1 << 28, dtype=torch.uint8),
    }
    return makers[which]()


# --- tensors that lie ---


class Liar(Tensor):
    """Equal to everything, and in whatever shape is wanted."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return True

    def __eq__(self, other: object) -> Any:
        return True

    @property
    def shape(self) -> Any:  # type: ignore[override]
        return (99,)

    @property
    def __class__(self) -> Any:
        return Tensor

    @__class__.setter
    def __class__(self, value: Any) -> None: ...


def lying_tensor() -> Any:
    return torch.arange(3.0).as_subclass(Liar)


class LyingObject:
    def __init__(self, kind: type) -> None:
        self._kind = kind
        self.shape = torch.Size([3])
        self.dtype = torch.float32

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return self._kind

    def __eq__(self, other: object) -> bool:
        return True

    def __sub__(self, other: object) -> float:
        return 0.0

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return 1 << 40

    def __float__(self) -> float:
        return 1.0

    @property
    def __array_interface__(self) -> Any:
        return {"shape": (1,), "typestr": "<i8", "data": (0, False), "version": 3}

    def __array__(self, *args: Any) -> Any:
        return np.ones(3)


def lying_object(kind: type) -> Any:
    return LyingObject(kind)


# --- objects ---


class MLP(nn.Module):
    def __init__(self, inputs: int = 3, hidden: int = 4, outputs: int = 2) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(inputs, hidden), nn.Linear(hidden, outputs)])
        self.calls: Tensor
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.layers[1](self.layers[0](x).tanh())  # type: ignore[no-any-return]


class Scaled(nn.Module):
    def __init__(self, size: int = 3) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.arange(1.0, size + 1))
        self.frozen = nn.Parameter(torch.ones(size), requires_grad=False)
        self.seen: Any = None

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight * self.frozen

    def keep(self, x: Tensor) -> None:
        self.seen = x

    def step(self, rate: float) -> None:
        with torch.no_grad():
            self.weight.sub_(self.weight.grad, alpha=rate)  # type: ignore[arg-type]

    def step_by_data(self, rate: float) -> None:
        self.weight.data.sub_(rate)

    def train_on(self, x: Tensor, times: int) -> None:
        for _ in range(times):
            self(x).sum().backward()

    def drop_gradients(self) -> None:
        self.zero_grad()


@dataclass
class Config:
    width: int
    names: list[str]


class Box:
    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self.items[index] = value

    def __len__(self) -> int:
        return len(self.items)

    def itself(self) -> Box:
        return self


def count_to(n: int) -> Iterator[int]:
    yield from range(n)
    if n > 3:
        raise ValueError("too far")


def print_it(text: str) -> None:
    print(text)


# --- calling back ---


def apply(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return f(*args, **kwargs)


def apply_twice(f: Callable[..., Any], x: Any) -> Any:
    return f(f(x))


def swallow(f: Callable[[], Any]) -> str:
    try:
        f()
    except ValueError as error:
        return f"{type(error).__mro__[1].__name__}: {error}"
    return "nothing"


def swallow_all(f: Callable[[], Any]) -> str:
    try:
        f()
    except BaseException as error:
        return str(error)
    return "nothing"


def total(numbers: Iterable[int]) -> int:
    return sum(numbers)


def recurse(f: Callable[[int], int], n: int) -> int:
    return 0 if n == 0 else 1 + f(n - 1)


def change_then_call(items: list[Any], f: Callable[[list[Any]], Any]) -> Any:
    items.append("before")
    result = f(items)
    items.append("after")
    return result


def length_after(f: Callable[[Any], Any], items: Any) -> int:
    f(items)
    return len(items)


def sum_after(f: Callable[[Any], Any], x: Tensor) -> float:
    f(x)
    return float(x.sum())


def module_calls(model: nn.Module, loss: Callable[[Tensor], Tensor], x: Tensor, rate: float) -> float:
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    value = loss(model(x))
    optimizer.zero_grad()
    torch.autograd.backward(value)
    optimizer.step()
    return value.item()


# --- changing arguments ---


def fill(x: Any, value: float) -> None:
    x[...] = value


def change_all(numbers: list[int], table: dict[str, Any], found: set[int]) -> None:
    numbers += [4]
    numbers[0] = 10
    table["new"] = numbers
    table.pop("old", None)
    found.add(7)


def change_and_fail(numbers: list[int], x: Tensor) -> None:
    numbers.clear()
    x.zero_()
    raise ValueError("halfway")


def append_product(results: list[Any], x: Tensor, fail: bool = False) -> None:
    results.append(x * 2)
    if fail:
        raise ValueError("later")


def scale_in_place(x: Tensor, factor: float) -> Tensor:
    x *= factor
    return x


def multiply_in_place(x: Tensor, by: Tensor) -> Tensor:
    x *= by
    return x


def scale_data(x: Tensor, factor: float) -> None:
    x.data.mul_(factor)


def want_gradient(x: Tensor) -> Tensor:
    x.requires_grad_()
    return (x * x).sum()


def resize(x: Tensor) -> None:
    x.data = torch.ones(5, dtype=torch.float64)


def draw(n: int, generator: torch.Generator | None = None) -> Tensor:
    return torch.randn(n, generator=generator)


# --- gradients ---


def square(x: Tensor) -> Tensor:
    return x * x


def product(x: Tensor, y: Tensor) -> Tensor:
    return x * y


def several(x: Tensor) -> Any:
    y = x.sin()
    return {"sin": y, "again": y, "cos": x.cos(), "plain": x.detach() * 2, "count": 3}


def gradient(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(f(x), x)[0]


def backward_here(x: Tensor) -> None:
    torch.autograd.backward((x * x).sum())


def graph_nodes(x: Tensor) -> int:
    waiting, seen = [x.grad_fn], set()
    while waiting:
        node: Any = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [parent for parent, _ in node.next_functions]
    return len(seen)


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grads[0] * 3 * x * x


class Recurrent(nn.Module):
    """Keeps its state, with its graph, from call to call."""

    def __init__(self) -> None:
        super().__init__()
        self.state = torch.zeros(2)

    def forward(self, x: Tensor) -> Tensor:
        self.state = (self.state + x).tanh()
        return self.state


def leave() -> None:
    sys.exit(3)


# --- devices ---


class MixesDevices(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.ones(x.shape)


class Reads(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.sum().item() > 0 else x
