"""What may be changed in a statement."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from tests.mutation.expressions import OPERATORS, Change, altered, one_less


def in_statement(node: ast.AST) -> Iterator[Change]:
    """The changes of `node` itself, not of the expressions in it."""
    if type(node) in CHANGES:
        yield from CHANGES[type(node)](node)


def _dropped(node: ast.stmt) -> Iterator[Change]:
    yield [ast.Pass()]


def _assign(node: ast.Assign) -> Iterator[Change]:
    """Left out, into one name less, or in place: `x = x + y` becomes `x += y`."""
    yield [ast.Pass()]
    match node:
        case ast.Assign([ast.Name(name) as target], ast.BinOp(ast.Name(same), operator, operand)) if same == name:
            yield [ast.AugAssign(target, operator, operand)]
        case ast.Assign([_, _, *_]):
            yield from ([altered(node, "targets", rest)] for rest in one_less(node.targets))


def _augmented(node: ast.AugAssign) -> Iterator[Change]:
    yield [ast.Pass()]
    yield [ast.Assign([node.target], node.value, lineno=node.lineno)]
    for new in OPERATORS.get(type(node.op), ()):
        yield [altered(node, "op", new())]


def _condition(node: ast.If | ast.While) -> Iterator[Change]:
    for truth in (True, False):
        yield [altered(node, "test", ast.Constant(truth))]
    if not isinstance(node.test, ast.Compare | ast.UnaryOp):
        yield [altered(node, "test", ast.UnaryOp(ast.Not(), node.test))]


def _continue(node: ast.Continue) -> Iterator[Change]:
    yield [ast.Pass()]
    yield [ast.Break()]


def _unwrapped(node: ast.With) -> Iterator[Change]:
    yield [*node.body]


def _try(node: ast.Try) -> Iterator[Change]:
    """Without the handlers, and without what is done at the end."""
    if node.handlers:
        yield [*node.body, *node.orelse, *node.finalbody]
    if node.finalbody:
        yield [altered(node, "finalbody", [])] if node.handlers else [*node.body]


CHANGES: dict[type[ast.AST], Callable[..., Iterator[Change]]] = {
    ast.Expr: _dropped,
    ast.Return: _dropped,
    ast.Raise: _dropped,
    ast.For: _dropped,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.If: _condition,
    ast.While: _condition,
    ast.Continue: _continue,
    ast.With: _unwrapped,
    ast.Try: _try,
}
