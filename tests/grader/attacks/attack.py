"""Reads the attacks: a folder for each class of threats, with a file for each variant.

`<class>/attacks.toml` has the class's `threat` (its number and what it is) and a table for each variant, with
what is to be expected where it is not what an honest answer of the same kind gets. `<class>/<variant>.py`
is what the variant does; its docstring says what it tries. `{OUT}`, `{COURSE}`, `{CLASS}`, `{HOME}` in a file stand
for the folders' paths: whoever attacks is taken to know them.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.grader.attacks.course import EARNED, HONEST, put

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Attack:
    """One variant.

    Attributes:
        outcomes: of tests, where they are not those that `HONEST` gets; `all` stands for every test, and
            `lost` for whatever is neither passed nor the grader's fault.
        says: words that the report must hold.
        files: what lies beside the answer, or in its place, by name.
        links: links beside the answer, or in its place, and where they lead.
        access_times: whether it needs a file system that notes when a file was read.
    """

    threat: str
    name: str
    source: str
    outcomes: Mapping[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    access_times: bool = False

    @property
    def expected(self) -> dict[str, str]:
        """The outcome of every test."""
        usual = dict.fromkeys(EARNED, self.outcomes["all"]) if "all" in self.outcomes else EARNED
        return {name: self.outcomes.get(name, outcome) for name, outcome in usual.items()}

    def write(self, folder: Path, places: Mapping[str, Path]) -> None:
        """Write the submission to `folder`."""
        folder.mkdir(parents=True)
        if not {"target.py", "target.ipynb"} & {*self.files, *self.links}:
            put(folder / "target.py", _filled(HONEST + self.source, places))
        for name, content in self.files.items():
            put(folder / name, _filled(content, places))
        for name, to in self.links.items():
            (folder / name).symlink_to(_filled(to, places))


def _filled(text: str, places: Mapping[str, Path]) -> str:
    for name, path in places.items():
        text = text.replace(f"{{{name}}}", str(path))
    return text


def read_attacks() -> list[Attack]:
    """All variants of all classes.

    Raises:
        ValueError: a variant has no file or no docstring, or a file no table.
    """
    return [attack for table in sorted(HERE.glob("*/attacks.toml")) for attack in _read(table)]


def _read(table: Path) -> list[Attack]:
    content = tomllib.loads(table.read_text(encoding="utf-8"))
    threat = content.pop("threat").partition(":")[0]
    sources = {path.stem: path.read_text(encoding="utf-8") for path in table.parent.glob("*.py")}
    if sources.keys() != content.keys():
        raise ValueError(f"{table}: not each of {sorted(sources.keys() ^ content.keys())} has a table and a file")
    for name, source in sources.items():
        if not ast.get_docstring(ast.parse(source)):
            raise ValueError(f"{table.parent / name}.py: its docstring is to say what it tries")
    return [
        Attack(threat, f"{table.parent.name}-{name}", sources[name], **{**of, "says": tuple(of.get("says", ()))})
        for name, of in content.items()
    ]
