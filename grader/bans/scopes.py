"""Reads a syntax tree: which name is bound to what, in the file and in each function.

Nothing here knows of bans, nor runs anything. Values are looked up when somebody asks, so a file
costs no more than what is followed in it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
ScopeNode = Function | ast.ClassDef | Comprehension

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
SCOPES = (*FUNCTIONS, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.Match)


@dataclass(frozen=True, eq=False)
class Bound:
    """One place that gives a name a value: an import (`path`), an expression, a definition, or something unknown.

    `when` orders the bindings of a file; `certain`: it replaces the name's earlier values, since no
    branch leads past it. `node` is what is to be read when the name is reached.
    """

    name: str
    node: ast.AST
    scope: Scope
    when: int = 0
    certain: bool = True
    path: str | None = None
    value: ast.expr | None = None


@dataclass(eq=False)
class Scope:
    """A function, a class body or a comprehension; the outermost one (`node` None) is the file."""

    node: ScopeNode | None = None
    parent: Scope | None = None
    names: dict[str, list[Bound]] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)  # declared global
    receiver: str | None = None  # the method's own name for `self`
    stars: list[tuple[int, str]] = field(default_factory=list)  # modules of `from … import *`, and when
    planted: list[Bound] = field(default_factory=list)  # what it gives to names of the file

    def bind(self, bound: Bound) -> None:
        self.names.setdefault(bound.name, []).append(bound)

    @property
    def owner(self) -> Scope | None:
        """The class whose body this function stands in."""
        return self.parent if self.parent is not None and isinstance(self.parent.node, ast.ClassDef) else None

    def find(self, name: str) -> Scope | None:
        """The scope within the file's functions that binds `name`; None: it is a name of the file, or of none."""
        scope: Scope | None = self
        while scope is not None and scope.node is not None:
            visible = scope is self or not isinstance(scope.node, ast.ClassDef)
            if visible and name in scope.outside:
                return None
            if visible and name in scope.names:
                return scope
            scope = scope.parent
        return None


def inner(node: ScopeNode, parent: Scope) -> Scope:
    """The scope that `node` opens, with the names bound directly in it."""
    scope = Scope(node, parent)
    if isinstance(node, FUNCTIONS):
        arguments = node.args
        first = [*arguments.posonlyargs, *arguments.args]
        defaults = [None] * (len(first) - len(arguments.defaults)) + [*arguments.defaults, *arguments.kw_defaults]
        for argument, default in zip([*first, *arguments.kwonlyargs], defaults, strict=True):
            scope.bind(Bound(argument.arg, argument, parent, value=default))  # evaluated where the function stands
        for argument in filter(None, (arguments.vararg, arguments.kwarg)):
            scope.bind(Bound(argument.arg, argument, parent))
        if scope.owner is not None and first and not _is_static(node):
            scope.receiver = first[0].arg
    if isinstance(node, ast.Lambda):
        _bind_all([node.body], scope)
    elif isinstance(node, Comprehension):
        for generator in node.generators:
            for bound in _targets(generator.target, None, scope, generator, 0, True):
                scope.bind(bound)
    else:
        _bind_all(node.body, scope)
    return scope


def _is_static(node: Function) -> bool:
    return not isinstance(node, ast.Lambda) and any(
        isinstance(decorator, ast.Name) and decorator.id == "staticmethod" for decorator in node.decorator_list
    )


def _bind_all(nodes: Sequence[ast.AST], scope: Scope) -> None:
    for node in walk(nodes, into=lambda node: not isinstance(node, SCOPES)):
        for bound in bindings(node, scope):
            if isinstance(node, ast.Global):
                scope.outside.add(bound.name)
            else:
                scope.bind(bound)
    for name in scope.outside:
        scope.planted += scope.names.pop(name, [])


def walk(nodes: Sequence[ast.AST], into: Callable[[ast.AST], bool] = lambda node: True) -> Iterator[ast.AST]:
    """All nodes in the order of the source, not below those for which `into` says no."""
    waiting: list[ast.AST] = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        yield node
        if into(node):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def bindings(node: ast.AST, scope: Scope, when: int = 0, certain: bool = True) -> Iterator[Bound]:
    """The names that this node itself binds; those inside it are their own nodes' business."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield Bound(node.name, node, scope, when, certain)
        case ast.Import():
            for alias in node.names:
                path = alias.name if alias.asname else alias.name.partition(".")[0]
                yield Bound(alias.asname or path, node, scope, when, certain, path=path)
        case ast.ImportFrom():
            for alias in node.names:
                path = f"{node.module}.{alias.name}" if node.module and not node.level else f"?.{alias.name}"
                yield Bound(alias.asname or alias.name, node, scope, when, certain, path=path)
        case ast.Assign():
            for target in node.targets:
                yield from _targets(target, node.value, scope, node, when, certain)
        case ast.AnnAssign() if node.value is not None:
            yield from _targets(node.target, node.value, scope, node, when, certain)
        case ast.NamedExpr():
            yield from _targets(node.target, node.value, scope, node, when, False)
        case ast.AugAssign():  # adds to what was there
            yield from _targets(node.target, None, scope, node, when, False)
        case ast.For() | ast.AsyncFor():
            yield from _targets(node.target, None, scope, node, when, False)
        case ast.withitem() if node.optional_vars is not None:
            yield from _targets(node.optional_vars, None, scope, node, when, certain)
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() if node.name:
            yield Bound(node.name, node, scope, when, False)
        case ast.MatchMapping() if node.rest:
            yield Bound(node.rest, node, scope, when, False)
        case ast.Global():
            for name in node.names:
                yield Bound(name, node, scope, when, False)


def _targets(
    target: ast.expr, value: ast.expr | None, scope: Scope, node: ast.AST, when: int, certain: bool
) -> Iterator[Bound]:
    if isinstance(target, ast.Name):
        yield Bound(target.id, node, scope, when, certain, value=value)
    elif isinstance(target, ast.Starred):
        yield from _targets(target.value, None, scope, node, when, certain)
    elif isinstance(target, ast.Tuple | ast.List):
        values: list[ast.expr | None] = [None] * len(target.elts)
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
            values = list(value.elts)
        for part, its_value in zip(target.elts, values, strict=True):
            yield from _targets(part, its_value, scope, node, when, certain)


def statements(body: list[ast.stmt], certain: bool = True) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements that run when a file is loaded, and whether each certainly does. Branches are flattened."""
    waiting = [(statement, certain) for statement in reversed(body)]
    while waiting:
        statement, sure = waiting.pop()
        if isinstance(statement, ast.If) and _is_main(statement.test):
            waiting.extend((each, sure) for each in reversed(statement.orelse))
            continue
        yield statement, sure
        if isinstance(statement, _BRANCHES):
            inside = sure and isinstance(statement, ast.With | ast.AsyncWith)
            waiting.extend((each, inside) for each in reversed(_bodies(statement)))


def _bodies(statement: ast.stmt) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        for each in getattr(statement, name, []):
            found += [each] if isinstance(each, ast.stmt) else each.body
    return found


def _is_main(test: ast.expr) -> bool:
    """`__name__ == "__main__"`: never true while grading."""
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and isinstance(test.ops[0], ast.Eq)
    )


def header(statement: ast.stmt) -> list[ast.AST]:
    """What of a statement is its own: without the statements inside it."""
    if not isinstance(statement, _BRANCHES):
        return [statement]
    return [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.expr | ast.withitem)]
