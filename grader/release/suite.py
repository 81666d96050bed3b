"""The public part of a suite: its public tests, and of the rest just what they reach.

A suite is cut between its top-level statements; none is cut in two but imports, which lose the names
that nothing public uses. Comments between statements go: they may tell of hidden tests.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from grader.errors import CourseError

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(eq=False)
class Unit:
    """Top-level statements that belong together; `first` and `last` are their lines, counted from 1.

    Attributes:
        defines: the names that they set, change, or give a fixture.
        uses: the names that they read, and the fixtures that they may ask for.
        tests: the test functions in them.
        always: whether they serve whatever is kept: fixtures for all, and what is imported by `*`.
    """

    statements: list[ast.stmt]
    first: int
    last: int
    defines: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    tests: set[str] = field(default_factory=set)
    always: bool = False


@dataclass(frozen=True)
class Parts:
    """A suite in two: `public` is a suite of its own, `hidden` holds the lines that are not in it."""

    public: str
    hidden: list[str]


def split(source: str, label: str, public: Collection[str], hidden: Collection[str]) -> Parts:
    """Cut a suite in two. `public` and `hidden`: the names of its test functions, as the judge collects them.

    Raises:
        CourseError: a public test cannot be told from a hidden one, or uses one.
    """
    both = sorted(set(public) & set(hidden))
    if both:
        raise CourseError(
            f"{label}: some cases of {both[0]} are public and some are hidden. A test is released whole or not at all: "
            "mark the function, or make two of it."
        )
    units = _units(ast.parse(source))
    kept = _reached(units, public)
    for unit in kept:
        if lost := sorted(unit.tests & set(hidden)):
            raise CourseError(
                f"{label}, line {unit.first}: what the public tests need holds the hidden test {lost[0]}. Move it out "
                "of the class or statement it is in, or mark it public."
            )
    lines = source.split("\n")
    names = {name for unit in kept for name in unit.uses}
    texts = [_text(unit, lines, names) for unit in kept]
    shown = {number for unit in kept for number in range(unit.first, unit.last + 1)}
    return Parts(
        public=_joined(kept, texts, lines),
        hidden=[line for number, line in enumerate(lines, 1) if number not in shown],
    )


# Reading ---------------------------------------------------------------------------------------


def _units(tree: ast.Module) -> list[Unit]:
    """The statements, joined where they share a line, and texts with what stands above them; no docstring."""
    units: list[Unit] = []
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    for statement in body:
        first = min([statement.lineno, *(node.lineno for node in getattr(statement, "decorator_list", []))])
        last = statement.end_lineno or statement.lineno
        if units and (first <= units[-1].last or _is_text(statement)):
            units[-1].statements.append(statement)
            units[-1].last = last
        else:
            units.append(Unit([statement], first, last))
    for unit in units:
        _read(unit)
    fixtures = {name for unit in units if any(map(_is_fixture, unit.statements)) for name in unit.defines}
    for unit in units:
        unit.uses |= fixtures & _asked(unit)
    return units


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _read(unit: Unit) -> None:
    for statement in unit.statements:
        unit.defines |= set(_defined(statement))
        unit.always |= _is_for_all(statement)
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                unit.uses.add(node.id)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                unit.tests.add(node.name)


def _defined(statement: ast.stmt) -> Iterator[str]:
    """The names at the top level that `statement` sets or changes."""
    if isinstance(statement, DEFINITIONS):
        yield statement.name
        yield from (name for decorator in statement.decorator_list for name in _fixture_name(decorator))
        return
    inner = {
        node for each in ast.walk(statement) if isinstance(each, ast.comprehension) for node in ast.walk(each.target)
    }
    for node in ast.walk(statement):
        if isinstance(node, DEFINITIONS):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in inner:
            yield node.id
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            yield from _root(node)
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        yield from _root(statement.value.func)  # TABLE.update(…), torch.set_default_dtype(…)


def _root(node: ast.expr) -> Iterator[str]:
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        yield node.id


def _fixture_name(decorator: ast.expr) -> Iterator[str]:
    """`b` of `@pytest.fixture(name="b")`."""
    for keyword in decorator.keywords if isinstance(decorator, ast.Call) else []:
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
            yield str(keyword.value.value)


def _is_fixture(statement: ast.stmt) -> bool:
    decorators = statement.decorator_list if isinstance(statement, DEFINITIONS) else []
    return any(ast.unparse(each).partition("(")[0].endswith("fixture") for each in decorators)


def _is_for_all(statement: ast.stmt) -> bool:
    star = isinstance(statement, ast.ImportFrom) and (
        statement.module == "__future__" or any(alias.name == "*" for alias in statement.names)
    )
    marks = isinstance(statement, ast.Assign) and "pytestmark" in _defined(statement)
    return star or marks or (_is_fixture(statement) and "autouse=True" in ast.unparse(statement))


def _asked(unit: Unit) -> set[str]:
    """What may be the name of a fixture that the unit asks for: parameters, and texts as in `usefixtures("…")`."""
    nodes = [node for statement in unit.statements for node in ast.walk(statement)]
    parameters = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return parameters | {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _reached(units: Sequence[Unit], public: Collection[str]) -> list[Unit]:
    """The units of the tests `public`, and those that define what is used by these or by one another."""
    wanted = [unit for unit in units if unit.always or unit.tests & set(public)]
    kept: list[Unit] = []
    while wanted:
        unit = wanted.pop()
        if unit not in kept:
            kept.append(unit)
            wanted += [other for other in units if other.defines & unit.uses]
    return [unit for unit in units if unit in kept]


# Writing ---------------------------------------------------------------------------------------


def _text(unit: Unit, lines: Sequence[str], names: Collection[str]) -> str:
    """The unit as it stands; an import without the names that are not among `names`."""
    (statement, *rest) = unit.statements
    if not rest and isinstance(statement, ast.Import | ast.ImportFrom) and not unit.always:
        used = [each for each in statement.names if (each.asname or each.name).partition(".")[0] in names]
        if len(used) < len(statement.names):
            statement.names = used
            return ast.unparse(statement)
    return "\n".join(lines[unit.first - 1 : unit.last])


def _joined(units: Sequence[Unit], texts: Sequence[str], lines: Sequence[str]) -> str:
    """The units below one another, with blank lines where a reader expects them."""
    parts = []
    for number, (unit, text) in enumerate(zip(units, texts, strict=True)):
        if number:
            before = units[number - 1]
            apart = any(not line.strip() for line in lines[before.last : unit.first - 1])
            defined = any(isinstance(each, DEFINITIONS) for each in (*before.statements, *unit.statements))
            parts.append("\n\n\n" if defined else "\n\n" if apart else "\n")
        parts.append(text)
    return "".join(parts) + "\n"
