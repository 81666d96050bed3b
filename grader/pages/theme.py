"""What all pages share: how a template becomes a page, and what that page may do."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from grader import words
from grader.pages import words as wording
from grader.report import clean, one_line

PACKAGE = "grader.pages"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {}; base-uri 'none'; form-action 'none'"
)
"""A page loads nothing and runs nothing but the one script it was written with."""


def render(template: str, *, script: bool = False, **values: object) -> str:
    """The page that `template` makes of `values`. Whatever it prints is cleaned and escaped, except `Markup`."""
    code = _asset("table.js") if script else ""
    source = f"'sha256-{digest(code)}'" if script else "'none'"
    page = _environment().get_template(template)
    return page.render(policy=POLICY.format(source), style=Markup(_asset("style.css")), script=Markup(code), **values)


def digest(script: str) -> str:
    """How a content security policy names an inline script."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def _asset(name: str) -> str:
    """A file of ours that goes into pages as it is."""
    return (files(PACKAGE) / "templates" / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=words, wording=wording, WORDS=words.WORDS)
    environment.filters.update(line=one_line, number=words.number, link=_link)
    return environment


def _cleaned(value: object) -> object:
    """What a template is about to print: cleaned, so that none can forget it. Escaping comes after."""
    return value if isinstance(value, Markup) else clean(str(value))


def _link(name: str) -> str:
    """A file beside the page, as a relative address: no name can leave the folder or name a scheme."""
    return f"./{quote(name, safe='')}"
