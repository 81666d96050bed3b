"""What a learning platform hands out, taken apart into one hand-in for each student.

    find                finding.py     which students there are, by the forms in turn:
      ├─ gradescope, moodle, canvas, classroom, plain      one module each, with its convention
      └─ handins        handin.py      of one student's attempts, the one that counts
    Handin.opened       layout.py      the files in a folder of their own
      └─ unpack         archives.py, members.py            zips that strangers packed

Everything here is untrusted: names, links, archives, and what the archives say of themselves. Nothing is run, and
the download is never written to.
"""

from __future__ import annotations

from grader.intake.errors import IntakeError
from grader.intake.finding import Found, find
from grader.intake.handin import Handin

__all__ = ["Found", "Handin", "IntakeError", "find"]
