"""What may be changed in an expression.

Here as in `statements`, a change is what may stand in a node's place: a list of nodes, which is empty where the
node is left out. The nodes that a change is made of may be those of the program itself, which must stay as they are.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

Change = Sequence[ast.AST]
Tree = TypeVar("Tree", bound=ast.AST)
Item = TypeVar("Item")

OPERATORS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}

PAIRS = (
    *(("max", "min"), ("amax", "amin"), ("argmax", "argmin"), ("sum", "mean"), ("any", "all"), ("tril", "triu")),
    *(("zeros", "ones"), ("zeros_", "ones_"), ("new_zeros", "new_ones"), ("rand", "randn"), ("exp", "expm1")),
    *(("ceil", "floor"), ("sqrt", "square"), ("tanh", "sigmoid"), ("add", "sub"), ("add_", "sub_"), ("mul_", "div_")),
    *(("train", "eval"), ("startswith", "endswith"), ("parameters", "buffers"), ("float", "double")),
    *((name, f"{name}_") for name in ("add", "mul", "sub", "lerp", "clamp", "square", "exp", "log", "relu")),
    *((name, f"{name}_") for name in ("masked_fill", "scatter", "index_add", "requires_grad")),
)
OTHER_NAMES: dict[str, list[str]] = {}
for _one, _other in PAIRS:
    OTHER_NAMES.setdefault(_one, []).append(_other)
    OTHER_NAMES.setdefault(_other, []).append(_one)

SYMMETRIC = {"transpose", "max", "min", "logaddexp", "promote_types"}
"""Their arguments may be swapped."""


def in_expression(node: ast.AST, modules: Collection[str]) -> Iterator[Change]:
    """The changes of `node`.

    Args:
        modules: names under which modules were imported: `x.exp()` can become `x`, and `torch.exp(x)` too, but
            not `torch`.
    """
    if isinstance(node, ast.Call):
        yield from _call(node, modules)
    elif type(node) in CHANGES:
        yield from CHANGES[type(node)](node)


def altered(node: Tree, field: str, value: object) -> Tree:
    """A copy of `node` with another value of one field."""
    other = copy.copy(node)
    setattr(other, field, value)
    return other


def _swapped(items: Sequence[ast.AST], first: int) -> list[ast.AST]:
    return [*items[:first], items[first + 1], items[first], *items[first + 2 :]]


def one_less(items: Sequence[Item]) -> Iterator[list[Item]]:
    return ([*items[:i], *items[i + 1 :]] for i in range(len(items)))


def _constant(node: ast.Constant) -> Iterator[Change]:
    """Off by one; a float by a tenth too."""
    match node.value:
        case bool():
            yield [ast.Constant(not node.value)]
        case int():
            yield [ast.Constant(node.value + 1)]
            yield [ast.Constant(node.value - 1)]
        case float():
            yield [ast.Constant(node.value + 1.0)]
            yield [ast.Constant(node.value * 1.1)]
        case str():
            yield [ast.Constant(f"{node.value}x")]


def _compare(node: ast.Compare) -> Iterator[Change]:
    for i, old in enumerate(node.ops):
        for new in OPERATORS[type(old)]:
            yield [altered(node, "ops", [*node.ops[:i], new(), *node.ops[i + 1 :]])]


def _binary(node: ast.BinOp) -> Iterator[Change]:
    for new in OPERATORS.get(type(node.op), ()):
        yield [altered(node, "op", new())]
    yield [node.left]
    yield [node.right]
    if isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow | ast.MatMult):
        yield [ast.BinOp(node.right, node.op, node.left)]


def _boolean(node: ast.BoolOp) -> Iterator[Change]:
    for new in OPERATORS[type(node.op)]:
        yield [altered(node, "op", new())]
    for rest in one_less(node.values):
        yield [rest[0] if len(rest) == 1 else altered(node, "values", rest)]


def _unary(node: ast.UnaryOp) -> Iterator[Change]:
    yield [node.operand]


def _choice(node: ast.IfExp) -> Iterator[Change]:
    yield [node.body]
    yield [node.orelse]


def _call(node: ast.Call, modules: Collection[str]) -> Iterator[Change]:
    """Another function, arguments swapped, the last one left out, or no call at all: its object or first argument."""
    name = _called(node)
    for other in OTHER_NAMES.get(name, ()):
        field = "id" if isinstance(node.func, ast.Name) else "attr"
        yield [altered(node, "func", altered(node.func, field, other))]
    for i in range(len(node.args) - 1 if name not in SYMMETRIC else 0):
        yield [altered(node, "args", _swapped(node.args, i))]
    if node.args:
        yield [altered(node, "args", node.args[:-1])]
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value, modules):
        yield [node.func.value]
    elif node.args and not isinstance(node.args[0], ast.Starred):
        yield [node.args[0]]


def _called(node: ast.Call) -> str:
    """The last part of the name of what is called, "" where it has none."""
    return str(getattr(node.func, "attr", getattr(node.func, "id", "")))


def _is_module(node: ast.AST, modules: Collection[str]) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in modules


def _attribute(node: ast.Attribute) -> Iterator[Change]:
    if node.attr == "T":
        yield [node.value]


def _left_out(node: ast.AST) -> Iterator[Change]:
    yield []


def _tuple(node: ast.Tuple) -> Iterator[Change]:
    for i in range(len(node.elts) - 1):
        yield [altered(node, "elts", _swapped(node.elts, i))]


def _list(node: ast.List | ast.Set) -> Iterator[Change]:
    yield from ([altered(node, "elts", rest)] for rest in one_less(node.elts))


def _dict(node: ast.Dict) -> Iterator[Change]:
    for keys, values in zip(one_less(node.keys), one_less(node.values), strict=True):
        yield [ast.Dict(keys, values)]


def _subscript(node: ast.Subscript) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load):
        yield [node.value]


def _slice(node: ast.Slice) -> Iterator[Change]:
    for field in ("lower", "upper", "step"):
        if getattr(node, field) is not None:
            yield [altered(node, field, None)]


def _comprehension(node: ast.comprehension) -> Iterator[Change]:
    for i in range(len(node.ifs)):
        for truth in (True, False):
            yield [altered(node, "ifs", [*node.ifs[:i], ast.Constant(truth), *node.ifs[i + 1 :]])]


CHANGES: dict[type[ast.AST], Callable[..., Iterator[Change]]] = {
    ast.Constant: _constant,
    ast.Compare: _compare,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.IfExp: _choice,
    ast.Attribute: _attribute,
    ast.keyword: _left_out,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: _list,
    ast.Dict: _dict,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.comprehension: _comprehension,
}
