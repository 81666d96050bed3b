"""What Canvas, Moodle, Gradescope and GitHub Classroom hand out."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.intake import IntakeError, gradescope
from grader.intake.person import Person
from tests.grader.conftest import Write
from tests.grader.intake.conftest import CODE, Look, Opened, students, zipped

# Canvas ------------------------------------------------------------------------------------------


def test_canvas_files_of_one_user_are_one_hand_in(look: Look, opened: Opened, download: Path, write: Write) -> None:
    write(download / "doejane_4217_90311_softmax.py", CODE)
    write(download / "doejane_4217_90312_attention.ipynb", "{}")
    write(download / "doejane_4218_90313_softmax.py", "another Jane Doe")
    found = look()
    assert students(found) == ["doejane_4217", "doejane_4218"]
    assert found.handins[0].person == Person(number="4217")
    assert found.handins[0].label == "doejane_4217_90311_softmax.py and 1 more"
    assert opened(found.handins[0]) == {"softmax.py": CODE, "attention.ipynb": "{}"}
    assert opened(found.handins[1]) == {"softmax.py": "another Jane Doe"}


def test_canvas_names_may_be_late_anonymous_and_of_any_letters(look: Look, download: Path, write: Write) -> None:
    for name in ("doejane_LATE_4217", "李雷_4218", "o_brien_4219", "anon_x7Gq2", "LATE_anon_b8Kw1"):
        write(download / f"{name}_90311_softmax.py", CODE)
    assert students(look()) == ["anon_b8Kw1", "anon_x7Gq2", "doejane_4217", "o_brien_4219", "李雷_4218"]


def test_canvas_counts_uploads_of_one_name(look: Look, opened: Opened, download: Path, write: Write) -> None:
    for number in ("", "-1", "-2", "-10"):
        write(download / f"doejane_LATE_4217_9{len(number)}_softmax{number}.py", number)
    write(download / "doejane_4217_99_attention-2.py", "x")
    [handin] = look().handins
    assert opened(handin) == {"softmax.py": "-10", "attention.py": "x"}
    assert handin.earlier == tuple(
        f"doejane_LATE_4217_9{len(number)}_softmax{number}.py" for number in ("", "-1", "-2")
    )


def test_canvas_zips_are_unpacked(look: Look, opened: Opened, download: Path, write: Write) -> None:
    write(download / "doejane_4217_1_hw-1.zip", zipped({"softmax.py": CODE}))
    write(download / "roejim_4218_2_hw.zip", zipped({"softmax.py": CODE}))
    write(download / "roejim_4218_3_notes_2.txt", "notes")
    jane, jim = look().handins
    assert opened(jane) == {"softmax.py": CODE}
    assert opened(jim) == {"hw/softmax.py": CODE, "notes_2.txt": "notes"}


def test_canvas_archives_of_another_kind_are_a_problem(look: Look, download: Path, write: Write) -> None:
    write(download / "doejane_4217_1_hw-1.tar.gz", b"")
    [handin] = look().handins
    assert handin.problem and handin.problem.startswith("hw.tar.gz is an archive that is not unpacked here.")


def test_what_was_typed_into_canvas_is_told(look: Look, download: Path, write: Write) -> None:
    write(download / "doejane_4217_90311_softmax.py", CODE)
    write(download / "roejim_LATE_4218_text.html", "")
    write(download / "poejo_4219_link.html", "")
    assert look().ignored == (
        "poejo_4219_link.html was typed into Canvas: no file to grade.",
        "roejim_LATE_4218_text.html was typed into Canvas: no file to grade.",
    )


def test_a_folder_put_into_a_canvas_download_is_a_student_s(look: Look, download: Path, write: Write) -> None:
    write(download / "doejane_4217_90311_softmax.py", CODE)
    write(download / "by_mail/softmax.py", CODE)
    assert students(look()) == ["by_mail", "doejane_4217"]


# Moodle ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["_", ""])
def test_moodle_folders_tell_name_and_number(
    look: Look, opened: Opened, download: Path, write: Write, end: str
) -> None:
    write(download / f"Jané van Doe_4217_assignsubmission_file{end}/softmax.py", CODE)
    write(download / f"李雷_4218_assignsubmission_file{end}/hw.zip", zipped({"softmax.py": CODE}))
    jane, lei = look().handins
    assert (jane.student, jane.person) == ("Jané van Doe_4217", Person(name="Jané van Doe", number="4217"))
    assert (lei.student, lei.person) == ("李雷_4218", Person(name="李雷", number="4218"))
    assert (opened(jane), opened(lei)) == ({"softmax.py": CODE}, {"hw/softmax.py": CODE})


def test_a_single_moodle_folder_is_a_student(look: Look, download: Path, write: Write) -> None:
    for name in ("one.py", "two.py"):
        write(download / "Jané Doe_4217_assignsubmission_file_" / name, CODE)
    assert students(look()) == ["Jané Doe_4217"]


def test_moodle_files_are_named_alike(look: Look, opened: Opened, download: Path, write: Write) -> None:
    write(download / "Jané Doe_4217_assignsubmission_file_softmax.py", CODE)
    write(download / "Jané Doe_4217_assignsubmission_file_my_attention.py", CODE)
    write(download / "Participant_4218_assignsubmission_file_hw.zip", zipped({"softmax.py": CODE}))
    jane, other = look().handins
    assert (jane.student, jane.person.name) == ("Jané Doe_4217", "Jané Doe")
    assert opened(jane) == {"softmax.py": CODE, "my_attention.py": CODE}
    assert (other.student, opened(other)) == ("Participant_4218", {"softmax.py": CODE})


def test_what_was_typed_into_moodle_is_told(look: Look, download: Path, write: Write) -> None:
    write(download / "Jané Doe_4217_assignsubmission_file_/softmax.py", CODE)
    write(download / "Jané Doe_4217_assignsubmission_onlinetext_/onlinetext.html", "")
    write(download / "Jim Roe_4218_assignsubmission_onlinetext_onlinetext.html", "")
    found = look()
    assert students(found) == ["Jané Doe_4217"]
    assert found.ignored == (
        "Jané Doe_4217_assignsubmission_onlinetext_ was typed into Moodle: no file to grade.",
        "Jim Roe_4218_assignsubmission_onlinetext_onlinetext.html was typed into Moodle: no file to grade.",
    )


# Gradescope --------------------------------------------------------------------------------------

METADATA = """\
---
submission_11:
  :submitters:
  - :name: Jané Doe
    :sid: '0123'
    :email: doe@example.edu
  :created_at: 2026-11-02 18:04:11.912839000 Z
  :score: 1.0
  :results: !ruby/object:Some::Thing
    tests: []
  :history:
  - :created_at: 2026-11-01 00:00:00 Z
"""


@pytest.fixture
def exported(download: Path, write: Write) -> Path:
    """An export with a single submission, to which tests add."""
    write(download / "submission_metadata.yml", METADATA)
    write(download / "submission_11/softmax.py", CODE)
    return download


def add(exported: Path, folder: str, created_at: str, *submitters: str) -> None:
    lines = [f"{folder}:", f"  :submitters: [{', '.join(f'{{{submitter}}}' for submitter in submitters)}]"]
    with (exported / "submission_metadata.yml").open("a") as file:
        file.write("\n".join([*lines, f"  :created_at: {created_at}", ""]))


def test_gradescope_tells_everything_of_a_student(look: Look, opened: Opened, exported: Path) -> None:
    found = look()
    [handin] = found.handins
    assert (handin.student, handin.label) == ("0123", "submission_11")
    assert handin.person == Person(name="Jané Doe", email="doe@example.edu", number="0123")
    assert opened(handin) == {"softmax.py": CODE}
    assert found.ignored == ()


def test_gradescope_students_are_known_by_sid_or_email_or_name(look: Look, exported: Path) -> None:
    for number, submitter in enumerate(
        ('":name": A, ":sid": 7, ":email": a@b', '":name": B, ":email": b@b', '":name": C')
    ):
        add(exported, f"submission_{number}", "", submitter)
        (exported / f"submission_{number}").mkdir()
    assert students(look()) == ["0123", "7", "C", "b@b"]


def test_a_group_s_submission_is_a_hand_in_for_each(look: Look, opened: Opened, exported: Path, write: Write) -> None:
    add(exported, "submission_12", "", '":sid": 7', '":sid": 8')
    write(exported / "submission_12/softmax.py", "theirs")
    found = look()
    assert students(found) == ["0123", "7", "8"]
    assert [opened(handin) for handin in found.handins[1:]] == [{"softmax.py": "theirs"}] * 2


@pytest.mark.parametrize(
    ("created_at", "counts"),
    [
        ("2026-11-02 18:04:12.000000000 Z", "submission_9"),
        ("2026-11-02 17:04:12 -01:00", "submission_9"),
        ("2026-11-02 18:04:11", "submission_11"),
        ("a while ago", "submission_11"),
        ("", "submission_11"),
        ("'[: '", "submission_11"),
    ],
)
def test_the_later_of_two_gradescope_submissions_counts(
    look: Look, exported: Path, write: Write, created_at: str, counts: str
) -> None:
    add(exported, "submission_9", created_at, '":sid": "0123"')
    write(exported / "submission_9/softmax.py", "theirs")
    [handin] = look().handins
    assert handin.label == counts
    assert {handin.label, *handin.earlier} == {"submission_9", "submission_11"}


def test_what_gradescope_does_not_explain_is_told(look: Look, exported: Path, write: Write, scratch: Path) -> None:
    add(exported, "submission_12", "")
    add(exported, "submission_13", "", '":email": ""')
    add(exported, "submission_14", "", '":sid": 7')
    write(exported / "submission_15/softmax.py", CODE)
    found = look()
    assert found.ignored == (
        "submission_12 has no submitters in submission_metadata.yml.",
        "submission_13 has no submitters in submission_metadata.yml.",
        "submission_15 is not in submission_metadata.yml.",
    )
    assert students(found) == ["0123", "7"]
    with pytest.raises(IntakeError, match="The download has no folder submission_14"), found.handins[1].opened(scratch):
        pass


@pytest.mark.parametrize("sid", ["../../alice", "/etc/passwd", "..", "a\\nb"])
def test_gradescope_s_sids_lead_nowhere(look: Look, exported: Path, sid: str) -> None:
    add(exported, "submission_12", "", f'":sid": "{sid}"')
    (exported / "submission_12").mkdir()
    [student] = [student for student in students(look()) if student != "0123"]
    assert student.isprintable()
    assert "/" not in student
    assert not student.startswith(".")


def test_gradescope_s_folders_lead_nowhere(look: Look, exported: Path, write: Write) -> None:
    write(exported.parent / "elsewhere/softmax.py", CODE)
    add(exported, "../elsewhere", "", '":sid": 7')
    assert look().handins[1].problem == "The download has no folder elsewhere. Download the submissions again."


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        (b"submission_1: [", "while parsing a flow node"),
        (b"- a list", "Expected `object`, got `array`"),
        (b"submission_1: text", "Expected `object`, got `str` - at `$[...]`"),
        (b"submission_1:\n  :submitters: Jane", "Expected `array`, got `str`"),
        (b"\xff\xfe\xff", "cannot be read"),
        (b"", "Expected `object`"),
        (b"[" * 100_000, "exceeded maximum nesting depth"),
    ],
)
def test_broken_metadata_is_an_error(look: Look, exported: Path, write: Write, metadata: bytes, reason: str) -> None:
    write(exported / "submission_metadata.yml", metadata)
    with pytest.raises(UsageError) as caught:
        look()
    assert reason in str(caught.value)
    assert str(caught.value).startswith(f"{exported}/submission_metadata.yml cannot be read: ")
    assert str(caught.value).endswith(". Export the submissions again.")


def test_huge_metadata_is_an_error(look: Look, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradescope, "MAX_BYTES", 100)
    with pytest.raises(UsageError, match=r"submission_metadata\.yml is larger than"):
        look()


# GitHub Classroom --------------------------------------------------------------------------------


def clone(folder: Path, write: Write, *names: str) -> None:
    for name in names:
        write(folder / name / ".git/HEAD", "ref: refs/heads/main\n")
        write(folder / name / "softmax.py", CODE)


@pytest.mark.parametrize(
    ("repositories", "expected"),
    [
        (["hw-1-alice", "hw-1-alan"], ["alan", "alice"]),
        (["hw-1-alice", "hw-1-alice-b"], ["alice", "alice-b"]),
        (["alice", "bob"], ["alice", "bob"]),
        (["hw-alice"], ["hw-alice"]),
        (["hw-", "hw-bob"], ["hw-", "hw-bob"]),
    ],
)
def test_repositories_are_named_by_what_they_do_not_share(
    look: Look, opened: Opened, download: Path, write: Write, repositories: list[str], expected: list[str]
) -> None:
    clone(download, write, *repositories)
    found = look()
    assert students(found) == expected
    assert opened(found.handins[0])["softmax.py"] == CODE


def test_the_folder_that_was_cloned_to_tells_the_assignment(look: Look, tmp_path: Path, write: Write) -> None:
    folder = tmp_path / "hw-1-submissions"
    clone(folder, write, "hw-1-ann-lee", "hw-1-ann-roe")
    assert students(look(folder)) == ["ann-lee", "ann-roe"]


def test_the_folder_that_was_cloned_to_may_have_another_name(look: Look, tmp_path: Path, write: Write) -> None:
    folder = tmp_path / "some-submissions"
    clone(folder, write, "hw-1-ann", "hw-1-bob")
    assert students(look(folder)) == ["ann", "bob"]


def test_folders_beside_repositories_keep_their_names(look: Look, download: Path, write: Write) -> None:
    clone(download, write, "hw-ann", "hw-bob")
    write(download / "hw-zoe/softmax.py", CODE)
    assert students(look()) == ["ann", "bob", "hw-zoe"]
