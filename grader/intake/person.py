"""Who handed in."""

from __future__ import annotations

import msgspec


class Person(msgspec.Struct, kw_only=True, frozen=True):
    """Who a student is to the platform that the submission came from, as far as the download tells."""

    name: str | None = None
    email: str | None = None
    number: str | None = None  # the platform's own: Canvas's user id, Moodle's participant, Gradescope's sid
