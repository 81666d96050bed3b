"""What an expression of a submission stands for, as far as can be told without running it.

A value is one of these pairs; an expression may have several.

    ("path", "torch.nn.functional")   something of a library, or of Python itself ("builtins.getattr")
    ("class", …), ("object", …)       a class of the file, an instance of one
    ("own", "")                       something else of the student's
    UNKNOWN                           anything: an argument, the result of a call; perhaps a tensor
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from grader.bans.scopes import FUNCTIONS, Bound, Scope, ScopeNode, inner, walk

Value = tuple[str, Any]
UNKNOWN: Value = ("unknown", "")
OWN: Value = ("own", "")

ROOTS = frozenset({"builtins.globals", "builtins.vars", "builtins.locals", "sys.modules"})
"""Where any name of the file can be reached."""

_BUILTIN = frozenset(
    {"getattr", "setattr", "vars", "globals", "locals", "eval", "exec", "compile", "__import__", "super"}
)
_IMPORTERS = frozenset({"importlib.import_module", "importlib.__import__", "builtins.__import__", "pydoc.locate"})
_GETTERS = frozenset({"operator.attrgetter", "operator.methodcaller"})
_NO_TENSORS = frozenset({"numpy", "random", "math", "collections", "itertools", "json", "pathlib", "logging", "sys"})
_TENSORS = frozenset({"torch.Tensor", "torch.nn.Parameter", "torch.nn.parameter.Parameter"})
_DEEPEST = 100


def constant(node: ast.AST) -> str | None:
    """The text that an expression of constants is; None for any other."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = [constant(left), constant(right)]
        case ast.JoinedStr(values=pieces):
            parts = [constant(piece) for piece in pieces]
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return constant(value)
        case ast.Call(
            func=ast.Attribute(value=glue, attr="join"), args=[ast.List(elts=pieces) | ast.Tuple(elts=pieces)]
        ):
            joined = [constant(piece) for piece in pieces]
            between = constant(glue)
            return None if between is None or None in joined else between.join(filter(None, joined))
        case ast.Subscript(value=value, slice=ast.Slice(lower=None, upper=None, step=ast.UnaryOp(op=ast.USub()))):
            forwards = constant(value)
            return None if forwards is None else forwards[::-1]
        case _:
            return None
    return None if None in parts else "".join(filter(None, parts))


def plain(path: str) -> str:
    """A path without detours: `torch.nn.init.torch.softmax` is `torch.softmax`."""
    parts = path.split(".")
    for root in ("torch", "numpy", "pickle"):
        if root in parts[1:] and path != "torch.Tensor.numpy":
            parts = parts[len(parts) - 1 - parts[::-1].index(root) :]
    if parts[0] == "torch" and "F" in parts[1:]:
        parts = ["torch", "nn", "functional", *parts[parts.index("F") + 1 :]]
    return ".".join(parts)


class Resolver:
    """Looks up values in one file, whose own names are bound in `root`."""

    def __init__(self, root: Scope) -> None:
        self._root = root
        self._opened: dict[ast.AST, Scope] = {}
        self._known: dict[Bound, tuple[Value, ...]] = {}
        self._depth = 0

    def opened(self, node: ScopeNode, parent: Scope) -> Scope:
        """The scope of a function, class or comprehension."""
        if node not in self._opened:
            self._opened[node] = inner(node, parent)
        return self._opened[node]

    def live(self, name: str, before: int | None = None) -> list[Bound]:
        found: list[Bound] = []
        for bound in self._root.names.get(name, []):
            if before is None or bound.when < before:
                found = [bound] if bound.certain else [*found, bound]
        return found

    def from_stars(self, name: str, before: int | None) -> list[Value]:
        """What `name` may be, if a `from … import *` brought it."""
        return [
            ("path", plain(f"{module}.{name}")) for when, module in self._root.stars if before is None or when < before
        ]

    def values(self, node: ast.AST, scope: Scope, before: int | None) -> tuple[Value, ...]:
        """What an expression may stand for. `before`: the moment of loading; None: any time after."""
        if self._depth > _DEEPEST:
            return (UNKNOWN,)
        self._depth += 1
        try:
            return tuple(dict.fromkeys(self._values(node, scope, before)))
        finally:
            self._depth -= 1

    def _values(self, node: ast.AST, scope: Scope, before: int | None) -> Iterable[Value]:
        match node:
            case ast.Name(id=name):
                return self._name(name, scope, before)
            case ast.Attribute(value=owner, attr=attribute):
                return [self.part(value, attribute) for value in self.values(owner, scope, before)]
            case ast.Call():
                return self._result(node, scope, before)
            case ast.Subscript(value=table, slice=index):
                return self._item(self.values(table, scope, before), constant(index), scope)
            case ast.IfExp(body=one, orelse=other):
                return [*self.values(one, scope, before), *self.values(other, scope, before)]
            case ast.BoolOp(values=several):
                return [value for each in several for value in self.values(each, scope, before)]
            case ast.NamedExpr(value=value):
                return self.values(value, scope, before)
            case ast.Lambda():
                return [OWN]
        return [UNKNOWN]

    def _name(self, name: str, scope: Scope, before: int | None) -> Iterable[Value]:
        where = scope.find(name)
        if where is not None:
            if where.receiver == name and where.owner is not None:
                return [self._instance(where.owner)]
            return [value for bound in where.names[name] for value in self._bound(bound)]
        bounds = self.live(name, before)
        found = [value for bound in bounds for value in self._bound(bound)]
        if not any(bound.certain for bound in bounds):
            found += self.from_stars(name, before)
            if name in _BUILTIN:
                found.append(("path", f"builtins.{name}"))
        return found or [UNKNOWN]

    def _bound(self, bound: Bound) -> tuple[Value, ...]:
        if bound not in self._known:
            self._known[bound] = ()  # a name that is defined by itself adds nothing
            self._known[bound] = tuple(self._value_of(bound))
        return self._known[bound]

    def _value_of(self, bound: Bound) -> Iterator[Value]:
        if bound.path is not None:
            yield ("path", plain(bound.path))
        elif isinstance(bound.node, ast.ClassDef):
            yield ("class", (bound.node, bound.scope))
        elif isinstance(bound.node, FUNCTIONS):
            yield OWN
        elif bound.value is not None:
            yield from self.values(bound.value, bound.scope, bound.when or None)
        if isinstance(bound.node, ast.arg) or (bound.path is None and bound.value is None and _opaque(bound)):
            yield UNKNOWN

    def part(self, owner: Value, attribute: str) -> Value:
        """The attribute of a value."""
        kind, what = owner
        if kind == "path":
            return ("path", plain(f"{what}.{attribute}"))
        if kind in ("class", "object"):
            return next(iter(self._of_class(what[0], what[1], attribute, set())), UNKNOWN)
        return UNKNOWN

    def _of_class(self, node: ast.ClassDef, parent: Scope, attribute: str, seen: set[ast.AST]) -> Iterator[Value]:
        seen.add(node)
        scope = self.opened(node, parent)
        for bound in scope.names.get(attribute, []):
            yield from self._bound(bound)
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                yield from self._set_in(statement, scope, attribute)
        for base in node.bases:
            for kind, what in self.values(base, parent, None):
                if kind == "class" and what[0] not in seen:
                    yield from self._of_class(what[0], what[1], attribute, seen)

    def _set_in(self, method: ast.FunctionDef, owner: Scope, attribute: str) -> Iterator[Value]:
        scope = self.opened(method, owner)
        for node in walk(method.body):
            match node:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr=found)]):
                    if found == attribute and name == scope.receiver:
                        yield from self.values(node.value, scope, None)

    def _instance(self, owner: Scope) -> Value:
        assert isinstance(owner.node, ast.ClassDef) and owner.parent is not None
        return self._object(owner.node, owner.parent)

    def _object(self, node: ast.ClassDef, parent: Scope) -> Value:
        bases = [value for base in node.bases for value in self.values(base, parent, None)]
        is_tensor = any(kind == "path" and path in _TENSORS for kind, path in bases)
        return UNKNOWN if is_tensor else ("object", (node, parent))

    # calls

    def _paths(self, node: ast.AST, scope: Scope, before: int | None) -> set[str]:
        return {what for kind, what in self.values(node, scope, before) if kind == "path"}

    def _result(self, node: ast.Call, scope: Scope, before: int | None) -> Iterator[Value]:
        asked = self.asked_for(node, scope, before)
        if asked is not None:
            yield from (self.part(owner, asked[1]) for owner in asked[0])
            return
        module = self.imports(node, scope, before)
        if module:
            yield ("path", plain(module))
            return
        for kind, what in self.values(node.func, scope, before):
            if kind == "class":
                yield self._object(*what)
            elif kind == "path" and what == "builtins.super":
                yield OWN
            elif kind == "path" and what == "builtins.vars" and node.args:
                yield from (("path", f"{owner}.__dict__") for owner in sorted(self._paths(node.args[0], scope, before)))
            elif kind == "path" and (what in ROOTS or what.partition(".")[0] in _NO_TENSORS):
                yield ("path", what)
            else:
                yield UNKNOWN

    def asked_for(self, node: ast.Call, scope: Scope, before: int | None) -> tuple[tuple[Value, ...], str] | None:
        """Owners and attribute, where the call is `getattr(owner, "attribute")`."""
        paths = self._paths(node.func, scope, before) if len(node.args) >= 2 else set()
        attribute = constant(node.args[1]) if "builtins.getattr" in paths else None
        return None if attribute is None else (self.values(node.args[0], scope, before), attribute)

    def imports(self, node: ast.Call, scope: Scope, before: int | None) -> str | None:
        """The module, where the call imports one by a constant name."""
        functions = self._paths(node.func, scope, before) & _IMPORTERS
        name = constant(node.args[0]) if functions and node.args else None
        if name is None:
            return None
        only_root = "builtins.__import__" in functions and len(node.args) + len(node.keywords) == 1
        return name.partition(".")[0] if only_root else name

    def getters(self, node: ast.Call, scope: Scope, before: int | None) -> list[str]:
        """The methods that `operator.attrgetter` and `methodcaller` are to look up."""
        if not self._paths(node.func, scope, before) & _GETTERS:
            return []
        return [part for arg in node.args for part in (constant(arg) or "").split(".") if part]

    def code(self, node: ast.Call, scope: Scope, before: int | None) -> Sequence[ast.AST] | None:
        """What a constant text given to `eval` or `exec` contains."""
        runs = self._paths(node.func, scope, before) & {"builtins.eval", "builtins.exec", "builtins.compile"}
        text = constant(node.args[0]) if runs and node.args else None
        if text is None:
            return None
        try:
            body = ast.parse(text.strip()).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        for inside in walk(body):
            if hasattr(inside, "lineno"):
                inside.lineno = node.lineno
        return body

    def _item(self, owners: Sequence[Value], key: str | None, scope: Scope) -> Iterator[Value]:
        for kind, what in owners:
            if kind == "path" and key is not None and what == "sys.modules":
                yield ("path", plain(key))
            elif kind == "path" and key is not None and what in ROOTS:
                yield from self._name(key, self._root, None)
            elif kind == "path" and key is not None and what.endswith(".__dict__"):
                yield ("path", plain(f"{what.removesuffix('.__dict__')}.{key}"))
            else:
                yield UNKNOWN


def _opaque(bound: Bound) -> bool:
    """Whether nothing is known of what the name holds: a loop's variable, a part of a tuple."""
    return not isinstance(bound.node, ast.ClassDef | ast.Expr | ast.FunctionDef | ast.AsyncFunctionDef)
