"""What is secret is found wherever it lies; what is public or tells nothing is no secret."""

from __future__ import annotations

import io
import json
import os
import py_compile
import subprocess
import zipfile
from pathlib import Path

import pytest

from grader.release.leaks import Leak, Search, Secret, secrets_of
from grader.release.looking import files_below, history, texts

LINE = "return sum(parts) / count"
SOURCE = f'"""A."""\n\n\ndef mean(parts, count):\n    {LINE}\n'


def found(files: dict[str, bytes], public: str = "") -> list[Leak]:
    search = Search(secrets_of(SOURCE, "solution.py"), [public])
    return list(search.leaks(texts(files.items())))


def test_a_line_is_found_and_both_places_are_told() -> None:
    (leak,) = found({"notes.md": f"# Notes\n\n    {LINE}\n".encode()})
    assert str(leak) == f"notes.md, line 3: holds '{LINE}' of solution.py, line 5"


@pytest.mark.parametrize("text", [f"# {LINE}", f"+    {LINE}", f"x = 1; {LINE}", f"> `{LINE}`", f"\t{LINE}  \r"])
def test_a_line_is_found_behind_and_before_other_signs(text: str) -> None:
    assert len(found({"notes.md": text.encode()})) == 1


def test_a_line_that_is_public_too_is_no_secret() -> None:
    assert found({"notes.md": LINE.encode()}, public=f"so {LINE}") == []


def test_a_short_line_and_a_line_without_words_tell_nothing() -> None:
    assert list(secrets_of("x = 1\n\n# -----------------------\n", "solution.py")) == []


def test_only_the_lines_named_are_secret() -> None:
    secrets = secrets_of(
        "the_first = 'of all texts'\nthe_second = 'of all texts here'\n", "a.py", ["the_first = 'of all texts'"]
    )
    assert [secret.text for secret in secrets] == ["the_first = 'of all texts'", "of all texts"]


def test_the_texts_in_secret_lines_are_secret_by_themselves() -> None:
    search = Search(secrets_of("hint(\n    'what does exp do to 1000?'\n)\n", "suite.py"), [])
    data = json.dumps({"hint": "what does exp do to 1000?"}).encode()
    assert "what does exp do to 1000?" in str(next(search.leaks(texts([("data.json", data)]))))


def test_a_name_is_a_secret() -> None:
    search = Search([Secret("test_mean_of_nothing", "suite.py")], [])
    (leak,) = search.leaks(texts([("a.txt", b"see test_mean_of_nothing")]))
    assert leak.place == "a.txt, line 1"


def test_notebooks_are_read_without_their_escapes() -> None:
    source = ["def f(x):\n", '    return x["a key with quotes"]\n']
    book = {"cells": [{"cell_type": "code", "source": source, "outputs": []}], "nbformat": 4}
    search = Search(secrets_of("".join(source), "solution.py"), [])
    (leak, *_) = search.leaks(texts([("a.ipynb", json.dumps(book).encode())]))
    assert leak.place.startswith("a.ipynb")


def test_a_text_in_utf_16_is_read() -> None:
    assert len(found({"notes.txt": f"{LINE}\r\n".encode("utf-16")})) == 1


def test_zips_in_zips_are_opened() -> None:
    def zipped(name: str, data: bytes) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        return stream.getvalue()

    (*_, leak) = found({"data.zip": zipped("inner.whl", zipped("deep/a.py", SOURCE.encode()))})
    assert leak.place == "data.zip/inner.whl/deep/a.py, line 5"


def test_a_zip_that_cannot_be_read_is_no_clean_zip() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "nothing" * 20)
    broken = stream.getvalue().replace(b"nothingnothing", b"nothingNOTHING", 1)
    (leak,) = found({"data.zip": broken})
    assert "cannot be looked into" in leak.what


@pytest.mark.parametrize("name", ["data.tar.gz", "data.7z", "weights.pt"])
def test_what_cannot_be_opened_is_no_clean_file(name: str) -> None:
    (leak,) = found({name: b"?"})
    assert leak.what.startswith("cannot be looked into")


def test_compiled_code_is_a_leak_whatever_it_holds(tmp_path: Path) -> None:
    (tmp_path / "solution.py").write_text(SOURCE)
    py_compile.compile(str(tmp_path / "solution.py"), cfile=str(tmp_path / "made/x.pyc"))
    (leak,) = found({"x.pyc": (tmp_path / "made/x.pyc").read_bytes()})
    assert leak.what.startswith("is compiled code")


def test_hidden_files_are_searched_and_virtual_environments_are_not(tmp_path: Path) -> None:
    for name in (".hidden/.file", "venv/pyvenv.cfg", "venv/a.py", "b/a.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(LINE)
    assert [place for place, _ in files_below(tmp_path)] == [".hidden/.file", "b/a.py"]


def test_links_and_pipes_are_not_read_and_not_clean(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").symlink_to("/etc/hostname")
    (tmp_path / "linked").symlink_to(tmp_path / "folder")
    os.mkfifo(tmp_path / "pipe")
    search = Search([], [])
    assert [leak.place for leak in search.leaks(texts(files_below(tmp_path)))] == ["file", "linked", "pipe"]


def test_what_was_deleted_is_found_in_the_history(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    assert list(history(tmp_path)) == []
    git("init")
    (tmp_path / "a.py").write_text(SOURCE)
    git("add", ".")
    git("commit", "-m", f"Not {LINE}")
    git("rm", "a.py")
    git("commit", "-m", "Gone")
    search = Search(secrets_of(SOURCE, "solution.py"), [])
    assert {leak.place.split()[1] for leak in search.leaks(history(tmp_path))} == {"blob", "commit"}


def test_a_history_that_cannot_be_read_is_not_clean(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere")
    (text,) = history(tmp_path)
    assert text.problem is not None and "git cannot read" in text.problem
