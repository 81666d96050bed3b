"""Reads a submission's syntax tree: which name holds what, what each definition uses.

A *use* is one mention of something that may be forbidden: a dotted path into a library, however
its parts were imported, renamed or spelled (`getattr` with a constant, `import_module`,
`vars(torch)["…"]`); a method of something that is not the student's own; or a loop. What a
definition mentions of the same file comes back as `Bound`, to be read in turn.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.bans.scopes import FUNCTIONS, SCOPES, Bound, Scope, bindings, header, inner, statements, walk
from grader.bans.values import ROOTS, UNKNOWN, Resolver, Value, constant

EVERYWHERE = "*"
"""The name under which stands what may have changed any name of the file (`globals().update(…)`)."""

_LOOPS = {ast.For: "for", ast.AsyncFor: "async for", ast.While: "while"}


@dataclass(frozen=True, eq=False)
class Use:
    kind: Literal["path", "method", "loop"]
    what: str
    node: ast.AST

    @property
    def line(self) -> int:
        return getattr(self.node, "lineno", 0)

    @property
    def spelling(self) -> str:
        """As it stands in the file, give or take spaces."""
        if self.kind == "loop":
            return self.what
        try:
            text = ast.unparse(self.node)
        except (RecursionError, ValueError):
            text = self.what
        return text if len(text) <= 60 else self.what


class File:
    """A submission's file. Raises SyntaxError, ValueError or RecursionError where it cannot be parsed."""

    def __init__(self, source: bytes) -> None:
        tree = ast.parse(source)
        self.root = Scope()
        self._resolver = Resolver(self.root)
        self._uses: dict[Bound, tuple[Use | Bound, ...]] = {}
        for when, (statement, certain) in enumerate(statements(tree.body), 1):
            self._read(statement, when, certain)
        if b"global" in source:
            for node in walk(tree.body):
                if isinstance(node, FUNCTIONS):
                    for bound in inner(node, self.root).planted:
                        self.root.bind(Bound(bound.name, bound.node, bound.scope, 0, False, bound.path, bound.value))

    def _read(self, statement: ast.stmt, when: int, certain: bool) -> None:
        root = self.root
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            root.stars.append((when, statement.module or "?"))
            return
        for node in walk(header(statement), into=lambda node: not isinstance(node, SCOPES)):
            for bound in bindings(node, root, when, certain):
                root.bind(bound)
        for name in self._changed(statement, when):
            root.bind(Bound(name, statement, root, when, False))

    def _changed(self, statement: ast.stmt, when: int) -> Iterator[str]:
        """Names, other than those it binds, to which a statement at the top of a file may give something."""
        if not isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
            return
        if isinstance(statement, ast.Expr):
            yield from self._changed_by_call(statement.value, when)
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for target in targets:
            if isinstance(target, ast.Attribute | ast.Subscript):
                yield from self._owner(target.value, getattr(target, "attr", ""), when)

    def _changed_by_call(self, call: ast.expr, when: int) -> Iterator[str]:
        if not isinstance(call, ast.Call):
            return
        names = {path for kind, path in self._resolver.values(call.func, self.root, when) if kind == "path"}
        if names & {"builtins.exec", "builtins.eval"}:
            yield EVERYWHERE
        elif "builtins.setattr" in names and len(call.args) == 3:
            yield from self._owner(call.args[0], constant(call.args[1]) or "", when)
        elif isinstance(call.func, ast.Attribute):
            yield from self._owner(call.func.value, "", when, by_method=True)

    def _owner(self, owner: ast.expr, attribute: str, when: int, by_method: bool = False) -> Iterator[str]:
        values = self._resolver.values(owner, self.root, when)
        paths = [path for kind, path in values if kind == "path" and isinstance(path, str)]
        if any(path in ROOTS for path in paths):
            yield EVERYWHERE
        if paths and attribute:
            yield "." + attribute
        while isinstance(owner, ast.Attribute | ast.Subscript):
            owner = owner.value
        if isinstance(owner, ast.Name):
            live = self.live(owner.id, when)
            if not by_method or any(bound.value is not None for bound in live):  # `table.append(…)`
                yield from {bound.name for bound in live if bound.path is None}

    def live(self, name: str, before: int | None = None) -> list[Bound]:
        """What the file's name may hold, at a moment of its loading or afterwards."""
        return self._resolver.live(name, before)

    def imported_by_star(self, name: str) -> Iterator[Use]:
        """What `name` is if no definition but a `from … import *` of the file brings it."""
        return self._paths(ast.Name(name, lineno=1, col_offset=0), self._resolver.from_stars(name, None))

    def uses(self, bound: Bound) -> tuple[Use | Bound, ...]:
        """What is mentioned where `bound` gets its value, in the order of the source."""
        if bound not in self._uses:
            self._uses[bound] = tuple(self._walk(bound))
        return self._uses[bound]

    def _walk(self, bound: Bound) -> Iterator[Use | Bound]:
        if bound.path is not None:
            yield Use("path", bound.path, bound.node)
            return
        start = bound.node if bound.value is None else bound.value
        before = bound.when or None
        waiting: list[tuple[ast.AST, Scope, int | None]] = [(start, bound.scope, before)]
        while waiting:
            node, scope, before = waiting.pop()
            yield from self._own_uses(node, scope, before)
            waiting.extend(reversed(list(self._parts(node, scope, before))))

    def _parts(self, node: ast.AST, scope: Scope, before: int | None) -> Iterator[tuple[ast.AST, Scope, int | None]]:
        """What of a node is to be read further: annotations and type checks are no use of a thing."""
        children: Sequence[ast.AST | None]
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                outside = [*getattr(node, "decorator_list", []), *node.args.defaults, *node.args.kw_defaults]
                yield from ((part, scope, before) for part in outside if part is not None)
                body = node.body if isinstance(node.body, list) else [node.body]
                yield from ((part, self._resolver.opened(node, scope), None) for part in body)
                return
            case ast.ClassDef():
                yield from ((part, scope, before) for part in [*node.decorator_list, *node.bases, *node.keywords])
                yield from ((part, self._resolver.opened(node, scope), before) for part in node.body)
                return
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                scope = self._resolver.opened(node, scope)
                children = list(ast.iter_child_nodes(node))
            case ast.AnnAssign():
                children = [node.target, node.value]
            case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[first, _]):
                children = [first]
            case ast.Call() if (code := self._resolver.code(node, scope, before)) is not None:
                children = [node.func, *node.args, *code]
            case _:
                children = list(ast.iter_child_nodes(node))
        yield from ((child, scope, before) for child in children if child is not None)

    def _own_uses(self, node: ast.AST, scope: Scope, before: int | None) -> Iterator[Use | Bound]:
        match node:
            case ast.For() | ast.AsyncFor() | ast.While():
                yield Use("loop", _LOOPS[type(node)], node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                yield Use("loop", "for", node.generators[0].target)
            case ast.Import():
                yield from (Use("path", alias.name, node) for alias in node.names)
            case ast.ImportFrom() if node.module and not node.level:
                yield from (Use("path", f"{node.module}.{alias.name}", node) for alias in node.names)
            case ast.Name(ctx=ast.Load()) if scope.find(node.id) is None:
                yield from self._global(node, before)
            case ast.Attribute(ctx=ast.Load()):
                yield from self._attribute(node, node.attr, self._resolver.values(node.value, scope, before))
            case ast.Call():
                yield from self._call(node, scope, before)
            case ast.BinOp(op=ast.MatMult()) | ast.AugAssign(op=ast.MatMult()):
                yield Use("method", "__matmul__", node)
            case ast.Subscript(ctx=ast.Load()):
                yield from self._paths(node, self._resolver.values(node, scope, before))

    def _global(self, name: ast.Name, before: int | None) -> Iterator[Use | Bound]:
        bounds = self.live(name.id, before)
        yield from (bound if bound.path is None else Use("path", bound.path, name) for bound in bounds)
        if not any(bound.certain for bound in bounds):
            yield from self._paths(name, self._resolver.from_stars(name.id, before))

    def _attribute(self, node: ast.AST, attribute: str, owners: Sequence[Value]) -> Iterator[Use]:
        yield from self._paths(node, [self._resolver.part(owner, attribute) for owner in owners if owner[0] == "path"])
        if UNKNOWN in owners:
            yield Use("method", attribute, node)

    def _call(self, node: ast.Call, scope: Scope, before: int | None) -> Iterator[Use]:
        asked = self._resolver.asked_for(node, scope, before)
        if asked is not None:
            yield from self._attribute(node, asked[1], asked[0])
        elif self._resolver.imports(node, scope, before):
            yield from self._paths(node, self._resolver.values(node, scope, before))
        for method in self._resolver.getters(node, scope, before):
            yield Use("method", method, node)

    @staticmethod
    def _paths(node: ast.AST, values: Sequence[Value]) -> Iterator[Use]:
        for kind, path in values:
            if kind == "path" and isinstance(path, str) and not path.startswith("builtins."):
                yield Use("path", path, node)


@functools.lru_cache(maxsize=64)
def read(source: bytes) -> File | None:
    """A submission's file; None where it cannot be parsed."""
    try:
        return File(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
