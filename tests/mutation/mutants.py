"""All small changes to a program: one place changed in each, and each with a name that stays.

Left alone: docstrings, annotations (and names that only annotations use), imports, and what is raised.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from os.path import commonprefix

from tests.mutation.expressions import Change, in_expression
from tests.mutation.statements import in_statement

NOT_ENTERED = (ast.Import, ast.ImportFrom, ast.Raise)
SKIPPED_FIELDS = {"annotation", "returns", "bases"}

MAX_TEXT = 72
"""How much of an expression or a statement a mutant's name holds."""
SHARED = 8
"""How much a shortened name shows of what stands around a change."""


@dataclass(frozen=True)
class Mutant:
    """A changed program.

    Attributes:
        id: the function, what was changed to what, and the statement around it. It tells nothing of lines, and so
            stays as long as the statement does; the second of two that read alike ends in " (2)".
        function: where the change is: `softmax`, `PReLU.forward`, or "" outside of all functions.
    """

    id: str
    function: str
    source: str


@dataclass(frozen=True)
class Site:
    """A node, and the place in its parent where another may stand instead."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    function: str
    statement: ast.stmt

    def put(self, change: Change) -> None:
        """Put `change` in the node's place."""
        self._exchange([self.node], change)

    def restore(self, change: Change) -> None:
        """Undo `put(change)`."""
        self._exchange(change, [self.node])

    def takes(self, change: Change) -> bool:
        return self.index is not None or len(change) == 1

    def _exchange(self, old: Change, new: Change) -> None:
        if self.index is None:
            setattr(self.parent, self.field, new[0])
        else:
            getattr(self.parent, self.field)[self.index : self.index + len(old)] = new


def mutants(source: str) -> list[Mutant]:
    """The mutants of a program, in the order of its text: no two alike, none like the program, all of them compile."""
    tree = ast.parse(source)
    modules = _modules(tree)
    seen, counted, found = {ast.unparse(tree)}, Counter[str](), []
    for site in list(_sites(tree, _only_annotating(tree))):
        for change in _changes(site, modules):
            site.put(change)
            text = ast.unparse(tree)
            site.restore(change)
            if text not in seen and _compiles(text):
                seen.add(text)
                name = _name(site, change)
                counted[name] += 1
                found.append(Mutant(f"{name} ({counted[name]})" if counted[name] > 1 else name, site.function, text))
    return found


def _changes(site: Site, modules: Collection[str]) -> Iterator[Change]:
    if site.field == "decorator_list":
        yield []
    for change in chain(in_statement(site.node), in_expression(site.node, modules)):
        effect_lost = isinstance(site.parent, ast.Expr) and not isinstance(change[0], ast.Call)
        if site.takes(change) and not effect_lost:  # that is to leave out the statement, which is a change of its own
            yield change


def _sites(
    node: ast.AST, aliases: Collection[str], function: str = "", statement: ast.stmt | None = None
) -> Iterator[Site]:
    """The places below `node`, which is in `function` and `statement`."""
    for field, value in ast.iter_fields(node):
        if field in SKIPPED_FIELDS:
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or _is_text(child) or _is_alias(child, aliases):
                continue
            around = child if isinstance(child, ast.stmt) else statement
            assert around is not None, "every expression is part of a statement"
            yield Site(child, node, field, index if isinstance(value, list) else None, function, around)
            if not isinstance(child, NOT_ENTERED):
                yield from _sites(child, aliases, _inside(function, child), around)


def _inside(function: str, node: ast.AST) -> str:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return f"{function}.{node.name}".lstrip(".")
    return function


def _is_text(node: ast.AST) -> bool:
    """A docstring, or a string that stands where one could."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_alias(node: ast.AST, aliases: Collection[str]) -> bool:
    return isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) and t.id in aliases for t in node.targets)


def _only_annotating(tree: ast.Module) -> set[str]:
    """The names that a module defines for its annotations alone."""
    defined = {
        t.id for node in tree.body if isinstance(node, ast.Assign) for t in node.targets if isinstance(t, ast.Name)
    }
    annotations = [
        part
        for node in ast.walk(tree)
        for field in ("annotation", "returns")
        if (annotation := getattr(node, field, None)) is not None
        for part in ast.walk(annotation)
    ]
    annotating = Counter(node.id for node in annotations if isinstance(node, ast.Name))
    used = Counter(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    return {name for name in defined if 0 < used[name] == annotating[name]}


def _modules(tree: ast.Module) -> set[str]:
    """The names that imports bind."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {(alias.asname or alias.name).partition(".")[0] for node in imports for alias in node.names}


def _compiles(text: str) -> bool:
    with warnings.catch_warnings(action="ignore"):  # the compiler has its doubts about `3[0]`
        try:
            compile(text, "mutant", "exec")
        except (SyntaxError, ValueError):
            return False
    return True


def _name(site: Site, change: Change) -> str:
    before, statement = _head(site.node), _head(site.statement)
    after = "; ".join(map(_head, change)) or "nothing"
    name = f"{site.function}: {' → '.join(_narrowed(before, after))}"
    return name if before == statement else f"{name}, in: {_clipped(statement)}"


def _narrowed(before: str, after: str) -> list[str]:
    """The two texts; where one is long, without most of what they share at their ends."""
    if max(len(before), len(after)) <= MAX_TEXT:
        return [before, after]
    start = max(len(commonprefix([before, after])) - SHARED, 0)  # noqa: RUF071  # letter by letter is meant
    rest = [before[start:], after[start:]]
    end = max(len(commonprefix([text[::-1] for text in rest])) - SHARED, 0)  # noqa: RUF071
    return [_clipped(f"{'…' * (start > 0)}{text[: len(text) - end]}{'…' * (end > 0)}") for text in rest]


def _clipped(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


def _head(node: ast.AST) -> str:
    """The text of an expression or a simple statement; the first line of a compound one, without decorators."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return f"def {node.name}" if isinstance(node, ast.FunctionDef) else f"class {node.name}"
    return ast.unparse(node).strip().partition("\n")[0]
