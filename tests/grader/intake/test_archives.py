"""Zips: what is unpacked and how, and everything that is refused, with nothing left behind."""

from __future__ import annotations

import io
import random
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.intake import IntakeError, archives
from grader.intake.archives import STUDENT, unpack
from grader.intake.errors import ArchiveError
from grader.intake.members import RATIO_FLOOR, Limits
from tests.grader.intake.conftest import CODE, contents, member, packed, zipped

FIFO, LINK, FOLDER = stat.S_IFIFO | 0o644, stat.S_IFLNK | 0o777, stat.S_IFDIR | 0o755
SMALL = Limits(members=5, total=3_000_000, file=2_000_000, ratio=50, depth=3, listed=50, archive=4_000_000)

HONEST = zipped(
    {"softmax.py": CODE, "a/attention.py": CODE * 50, "a/b/": b"", "data.bin": random.Random(1).randbytes(300)}
)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "into"


@pytest.fixture
def refused(tmp_path: Path, into: Path) -> Callable[..., str]:
    """Why an archive is not unpacked. Nothing is left of it, in its folder or beside it."""

    def refused(data: bytes, limits: Limits = STUDENT) -> str:
        archive = tmp_path / "hw.zip"
        archive.write_bytes(data)
        with pytest.raises(ArchiveError) as caught:
            unpack(archive, into, limits)
        assert not into.exists() or not list(into.iterdir())
        assert {path.name for path in tmp_path.iterdir()} <= {"hw.zip", "into"}
        assert str(caught.value).startswith(caught.value.found)
        assert "Hand in a new zip" in str(caught.value)
        return caught.value.found

    return refused


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def unpacked(data: bytes, tmp_path: Path, into: Path, limits: Limits = STUDENT) -> dict[str, str]:
    archive = tmp_path / "hw.zip"
    archive.write_bytes(data)
    unpack(archive, into, limits)
    return contents(into)


# What comes out ----------------------------------------------------------------------------------


def test_a_zip_comes_out_with_its_folders(tmp_path: Path, into: Path) -> None:
    files = unpacked(HONEST, tmp_path, into)
    assert sorted(files) == ["a/attention.py", "data.bin", "softmax.py"]
    assert files["a/attention.py"] == CODE * 50
    assert (into / "a/b").is_dir()


def test_files_can_be_read_by_their_owner_alone_and_executed_by_nobody(tmp_path: Path, into: Path) -> None:
    data = packed((member("a/b/run.py", mode=stat.S_IFREG | 0o6777), CODE), (member("a/", mode=FOLDER | 0o7777), b""))
    unpacked(data, tmp_path, into)
    assert [stat.S_IMODE((into / path).stat().st_mode) for path in ("a/b/run.py", "a/b", "a")] == [0o600, 0o700, 0o700]


def test_an_empty_zip_is_an_empty_folder(tmp_path: Path, into: Path) -> None:
    assert unpacked(zipped({}), tmp_path, into) == {}
    assert into.is_dir()


def test_what_is_never_graded_is_passed_over_and_does_not_count(tmp_path: Path, into: Path) -> None:
    files: dict[str, str | bytes] = {"hw/softmax.py": CODE, "hw/.env": "secret", "__MACOSX/hw/._softmax.py": "fork"}
    files |= {f"hw/{folder}/{n}": b"x" for folder in (".git", "__pycache__", "node_modules", "venv") for n in range(9)}
    files |= {"hw/venv/pyvenv.cfg": "", "hw/Thumbs.db": "", "hw/.DS_Store": "", "hw/.venv/big": bytes(3_000_000)}
    assert unpacked(zipped(files), tmp_path, into, SMALL) == {"hw/softmax.py": CODE}


def test_links_of_a_virtual_environment_are_passed_over_with_it(tmp_path: Path, into: Path) -> None:
    data = packed(
        (member("softmax.py"), CODE), (member("env/pyvenv.cfg"), ""), (member("env/bin/python", mode=LINK), "/usr/bin")
    )
    assert unpacked(data, tmp_path, into) == {"softmax.py": CODE}


def test_names_are_read_as_utf_8_whether_declared_or_not(tmp_path: Path, into: Path) -> None:
    declared = zipped({"Übung/softmax.py": CODE})
    silent = declared.replace(struct.pack("<H", 0x800), struct.pack("<H", 0))
    assert unpacked(silent, tmp_path, into) == {"Übung/softmax.py": CODE}
    assert unpacked(declared, tmp_path, tmp_path / "declared") == {"Übung/softmax.py": CODE}


def test_a_name_declared_as_utf_8_is_not_read_twice(tmp_path: Path, into: Path) -> None:
    assert unpacked(zipped({"├ä.py": CODE}), tmp_path, into) == {"├ä.py": CODE}


def test_a_repository_among_what_is_passed_over_leaves_nothing(tmp_path: Path, into: Path) -> None:
    unpacked(zipped({"node_modules/a/.git/x": "", "b/../.git/x": "", "c/.git/x": ""}), tmp_path, into)
    assert [str(path.relative_to(into)) for path in sorted(into.rglob("*"))] == ["c", "c/.git"]


def test_a_name_may_be_as_long_as_file_systems_take(tmp_path: Path, into: Path) -> None:
    assert list(unpacked(zipped({"x" * 255: CODE}), tmp_path, into)) == ["x" * 255]


def test_as_much_as_the_limits_say_is_fine(tmp_path: Path, into: Path) -> None:
    files: dict[str, str | bytes] = {"a/b/c": noise(2_000_000), "d": noise(1_000_000), "a/": "", "a/b/": "", "e": ""}
    assert sorted(unpacked(zipped(files, zipfile.ZIP_STORED), tmp_path, into, SMALL)) == ["a/b/c", "d", "e"]


def test_other_names_are_read_as_code_page_437(tmp_path: Path, into: Path) -> None:
    data = zipped({"softma_.py": CODE}).replace(b"softma_", b"softma\x81")
    assert unpacked(data, tmp_path, into) == {"softmaü.py": CODE}


def test_small_files_may_be_packed_however_tightly(tmp_path: Path, into: Path) -> None:
    assert len(unpacked(zipped({"zeros.txt": bytes(RATIO_FLOOR)}), tmp_path, into)["zeros.txt"]) == RATIO_FLOOR


@pytest.mark.parametrize("name", ["./softmax.py", "softmax.py", ".//softmax.py"])
def test_a_path_may_be_written_in_a_roundabout_way(tmp_path: Path, into: Path, name: str) -> None:
    assert unpacked(packed((member(name), CODE), (member("./"), b"")), tmp_path, into) == {"softmax.py": CODE}


# What is refused: names --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../softmax.py", "leads out of it"),
        ("a/../../softmax.py", "leads out of it"),
        ("a/..", "leads out of it"),
        ("/etc/softmax.py", "leads out of it"),
        ("C:/softmax.py", "leads out of it"),
        ("c:softmax.py", "leads out of it"),
        ("a\\softmax.py", "has a backslash in its name"),
        ("..\\softmax.py", "has a backslash in its name"),
        ("softmax.py\0.txt", "has a control character in its name"),
        ("soft\nmax.py", "has a control character in its name"),
        ("soft\x1b[2Jmax.py", "has a control character in its name"),
        ("x" * 256, "has too long a name"),
        ("ü" * 128, "has too long a name"),
        ("/".join(["x" * 200] * 6), "has too long a name"),
        ("a/" * 600, "has too long a name"),
        ("/".join(["ü" * 100] * 6), "has too long a name"),
        ("/" * 101 + "softmax.py", "leads out of it"),
        ("a" + "/" * 101 + "softmax.py", "has too long a name"),
        ("a/" * 20 + "softmax.py", "lies more than 20 folders deep"),
        ("./.", "has no name"),
    ],
)
def test_a_name_that_leads_elsewhere_or_nowhere_is_refused(refused: Callable[..., str], name: str, reason: str) -> None:
    found = refused(packed((member("attention.py"), CODE), (member(name), CODE)))
    assert found.startswith("hw.zip holds '")
    assert found.endswith(f"', which {reason}.")
    assert found.isprintable()
    assert len(found) < 130


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ("softmax.py", "softmax.py", "'softmax.py' twice"),
        ("softmax.py", "Softmax.PY", "'Softmax.PY' twice"),
        ("a/é.py", "a/e\u0301.py", "'a/e\u0301.py' twice"),
        ("straße.py", "STRASSE.py", "'STRASSE.py' twice"),
        ("softmax.py", "./softmax.py", "'softmax.py' twice"),
        ("a", "a/softmax.py", "'a' as a file and as a folder"),
        ("a/softmax.py", "A", "'A' as a file and as a folder"),
        ("a", "a/", "'a' as a file and as a folder"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_for_one_place_are_refused(
    refused: Callable[..., str], first: str, second: str, reason: str
) -> None:
    assert refused(packed((member(first), CODE), (member(second), ""))) == f"hw.zip holds {reason}."


def test_folders_may_be_named_twice(tmp_path: Path, into: Path) -> None:
    data = packed((member("a/"), ""), (member("a/softmax.py"), CODE), (member("./a/"), ""))
    assert unpacked(data, tmp_path, into) == {"a/softmax.py": CODE}


# What is refused: kinds --------------------------------------------------------------------------


@pytest.mark.parametrize("system", [0, 3])
@pytest.mark.parametrize(
    ("mode", "reason"), [(LINK, "is a link"), (FIFO, "is no ordinary file"), (stat.S_IFBLK, "is no ordinary file")]
)
def test_links_and_special_files_are_refused(refused: Callable[..., str], mode: int, reason: str, system: int) -> None:
    found = refused(packed((member("softmax.py", mode=mode, system=system), "/etc/passwd")))
    assert found == f"hw.zip holds 'softmax.py', which {reason}."


@pytest.mark.parametrize("flag", [1, 1 << 6, 1 << 13])
def test_encrypted_members_are_refused(refused: Callable[..., str], flag: int) -> None:
    data = bytearray(zipped({"softmax.py": CODE}))
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        struct.pack_into("<H", data, data.index(signature) + offset, flag)
    assert refused(bytes(data)) == "hw.zip holds 'softmax.py', which is encrypted."


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_only_the_usual_compression_is_taken(refused: Callable[..., str], method: int) -> None:
    found = refused(zipped({"softmax.py": CODE}, method))
    assert found == "hw.zip holds 'softmax.py', which is packed by a method other than the usual one."


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("softmax.py"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(50), "a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(50), "a 7-Zip archive"),
        (b"\x1f\x8b\x08" + bytes(50), "a gzip archive"),
        (b"BZh9" + bytes(50), "a bzip2 archive"),
        (b"\xfd7zXZ\x00" + bytes(50), "an xz archive"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        (b"<HTML>", "a web page"),
        (tar(), "a tar archive"),
        (b"PK\x07\x08" + HONEST, "a part of an archive that was split"),
        (CODE.encode() + HONEST, "another kind of file"),
    ],
)
def test_what_is_no_zip_is_called_what_it_is(refused: Callable[..., str], data: bytes, kind: str) -> None:
    assert refused(data) == f"hw.zip is no zip archive: it is {kind}."


# What is refused: sizes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({f"{n}.py": "" for n in range(6)}, "holds more than 5 files"),
        ({f"{n}/": "" for n in range(6)}, "holds more than 5 files"),
        ({f".git/{n}": "" for n in range(51)}, "lists more than 50 files"),
        ({"a": noise(2_000_000), "b": noise(2_000_001)}, "is larger than 4 MB"),
        ({"a": noise(2_000_001)}, "holds 'a', which is larger than 2 MB"),
        ({"a": noise(1_600_000), "b": noise(1_500_000)}, "holds more than 3 MB in all"),
        ({"a": bytes(1_000_001)}, "holds 'a', which is more than 50 times larger than what it is packed into"),
        ({"a/b/c/d": ""}, "holds 'a/b/c/d', which lies more than 3 folders deep"),
    ],
)
def test_too_much_is_refused(refused: Callable[..., str], files: dict[str, str | bytes], reason: str) -> None:
    assert refused(zipped(files), SMALL) == f"hw.zip {reason}."


@pytest.mark.parametrize("chunk", [1, 3, 4, 5, 1 << 16])
def test_entries_are_counted_before_they_are_read(
    refused: Callable[..., str], tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(archives, "CHUNK", chunk)
    assert unpacked(zipped({f".git/{n}": "" for n in range(50)}), tmp_path, into, SMALL) == {}
    assert refused(zipped({f".git/{n}": "" for n in range(51)}), SMALL) == "hw.zip lists more than 50 files."


def test_members_that_share_their_bytes_are_refused(refused: Callable[..., str]) -> None:
    """One kernel of compressed bytes, listed under many names: a bomb whose every member looks harmless."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = kernel.compress(bytes(900_000)) + kernel.flush()
    fields = (20, 0, 8, 0, 0x21, zlib.crc32(bytes(900_000)), len(body), 900_000)
    local = struct.pack("<4s5H3L2H", b"PK\3\4", *fields, 1, 0) + b"a" + body
    listed = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, *fields, 1, 0, 0, 0, 0, 0, 0) + bytes([97 + n]) for n in range(20)
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 20, 20, len(listed), len(local), 0)
    assert refused(local + listed + end) == "hw.zip holds files that share their bytes."


def test_a_member_that_reaches_into_the_table_of_contents_is_refused(refused: Callable[..., str]) -> None:
    data = bytearray(zipped({"softmax.py": CODE}, zipfile.ZIP_STORED))
    at = data.index(b"PK\1\2")
    struct.pack_into("<2L", data, at + 20, len(CODE) + 10, len(CODE) + 10)
    assert refused(bytes(data)) == "hw.zip holds files that share their bytes."


@pytest.mark.parametrize("change", [-5, 5])
def test_a_size_that_is_not_the_real_one_is_found_out(refused: Callable[..., str], change: int) -> None:
    data = bytearray(zipped({"softmax.py": CODE * 9}))
    struct.pack_into("<L", data, data.index(b"PK\1\2") + 24, len(CODE) * 9 + change)
    assert refused(bytes(data)) == "hw.zip is damaged, at 'softmax.py'."


def test_what_comes_out_is_counted_whatever_the_archive_says(into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = into.parent / "hw.zip"
    archive.write_bytes(zipped({"softmax.py": CODE}))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda self, info: io.BytesIO(bytes(100 * archives.CHUNK)))
    monkeypatch.setattr(archives, "_empty", lambda folder: None)
    with pytest.raises(ArchiveError, match=r"damaged, at 'softmax\.py'"):
        unpack(archive, into)
    assert (into / "softmax.py").stat().st_size <= len(CODE)


# What is refused: damage -------------------------------------------------------------------------


@pytest.mark.parametrize("length", [4, 30, 80, len(HONEST) // 2, len(HONEST) - 23, len(HONEST) - 1])
def test_a_truncated_archive_is_refused(refused: Callable[..., str], length: int) -> None:
    assert refused(HONEST[:length]) == "hw.zip is damaged."


def test_a_member_with_wrong_bytes_is_refused_and_what_came_before_it_is_taken_away(
    refused: Callable[..., str],
) -> None:
    data = zipped({"attention.py": CODE, "softmax.py": CODE}, zipfile.ZIP_STORED)
    at = data.rindex(CODE.encode())
    assert refused(data[:at] + b"DEF" + data[at + 3 :]) == "hw.zip is damaged, at 'softmax.py'."


def test_a_member_that_is_not_where_it_should_be_is_refused(refused: Callable[..., str]) -> None:
    data = zipped({"softmax.py": CODE})
    assert refused(data.replace(b"PK\3\4", b"PK\5\6", 1)) == "hw.zip is damaged."


def test_a_name_that_differs_between_member_and_table_is_refused(refused: Callable[..., str]) -> None:
    data = zipped({"softmax.py": CODE})
    assert refused(data.replace(b"softmax", b"Softmax", 1)) == "hw.zip is damaged, at 'softmax.py'."


def test_an_archive_error_is_the_student_s() -> None:
    assert issubclass(ArchiveError, IntakeError)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mangled_archives_are_refused_or_unpacked_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    mangled = bytearray(HONEST)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(mangled) - 1))
        if data.draw(st.booleans()):
            mangled[at] = data.draw(st.integers(0, 255))
        else:
            mangled[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
        mangled = mangled or bytearray(b"P")
    folder = tmp_path_factory.mktemp("mangled")
    archive = folder / "hw.zip"
    archive.write_bytes(mangled)
    try:
        unpack(archive, folder / "into")
    except ArchiveError:
        assert not (folder / "into").exists() or not list((folder / "into").iterdir())
    assert {path.name for path in folder.iterdir()} <= {"hw.zip", "into"}
