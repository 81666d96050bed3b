"""A page as a browser would parse it: its elements, and what a reader sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

CELLS = ("td", "th", "dt", "dd", "small")
"""Elements that a reader sees apart, whatever stands between them."""


@dataclass(frozen=True)
class Element:
    tag: str
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)

    @property
    def inside(self) -> str:
        """All text within."""
        return "".join(self.text)


class Page(HTMLParser):
    """`elements` in the order of their beginnings; `text` without scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self._read: list[str] = []
        self.feed(page)
        self.close()

    @property
    def text(self) -> str:
        return " ".join("".join(self._read).split())

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def skeleton(self) -> list[tuple[str, tuple[str, ...]]]:
        """The elements and their attributes' names, without what they hold."""
        return [(element.tag, tuple(element.attributes)) for element in self.elements]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag in CELLS:
            self.handle_data(" ")
        if tag not in ("meta", "br", "img", "input"):
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text.append(data)
        if not any(element.tag in ("script", "style") for element in self._open):
            self._read.append(data)
