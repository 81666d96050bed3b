"""What a notebook's code cells come to as a module."""

from __future__ import annotations

import json

import nbformat
import pytest

from grader import source
from grader.notebook import Module, to_module

NO_NOTEBOOKS = {
    "nothing": b"",
    "an empty object": b"{}",
    "a list": b"[]",
    "Python": b"import torch\n",
    "no cells": b'{"nbformat": 4}',
    "a source that is a number": b'{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": 3}]}',
    "a format of the future": b'{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}',
    "a format that is a word": b'{"nbformat": "four", "cells": []}',
    "too deep": b"[" * 100_000,
    "no text": b"\xff\xfe",
}


def notebook(*cells: str) -> bytes:
    """One with these code cells, and a heading before each."""
    made = nbformat.v4.new_notebook()
    for cell in cells:
        made.cells += [nbformat.v4.new_markdown_cell("# A heading"), nbformat.v4.new_code_cell(cell)]
    return str(nbformat.writes(made)).encode()


def module(*cells: str) -> Module:
    return to_module(notebook(*cells), "lstm.ipynb")


def part(of: Module, number: int) -> str:
    first, last = of.parts[number - 1]
    return "\n".join(of.source.decode().split("\n")[first - 1 : last])


def test_the_code_cells_become_one_source_and_keep_their_lines() -> None:
    made = module("import torch\nx = 1", "def f():\n    return x")
    assert made.source.decode() == "import torch\nx = 1\n\ndef f():\n    return x\n"
    assert made.parts == ((1, 2), (4, 5))
    assert made.notes == ()


@pytest.mark.parametrize(
    "line",
    [
        "%matplotlib inline",
        "!pip install torch",
        "!echo it's",
        "files = !ls",
        "a, b = %timeit -o f()",
        "?torch",
        "torch.nn?",
        "torch.nn.Linear??",
        "%time x = 2",
    ],
)
def test_magics_and_shell_lines_are_left_out_and_counted(line: str) -> None:
    made = module(f"a = 1\n{line}\nif a:\n    {line}\nb = 2")
    assert part(made, 1) == "a = 1\npass\nif a:\n    pass\nb = 2"
    assert made.notes == ("2 magic or shell lines of lstm.ipynb were left out.",)


def test_one_line_is_counted_as_one() -> None:
    assert module("!ls").notes == ("1 magic or shell line of lstm.ipynb was left out.",)


def test_what_a_shell_line_continues_goes_with_it() -> None:
    assert part(module("!pip install \\\n  torch \\\n  numpy\nx = 1"), 1) == "pass\n\n\nx = 1"


@pytest.mark.parametrize(
    "code", ["x = (7\n    % 4)", "s = '''\n%no magic\n!nor this\n'''", 's = f"{1}?"', "x = 7 \\\n% 4"]
)
def test_python_that_looks_like_a_magic_stays(code: str) -> None:
    made = module(code)
    assert (part(made, 1), made.notes) == (code, ())


def test_below_a_timing_magic_stands_python() -> None:
    made = module("%%time\ndef f(): ...", "\n%%capture out\nx = 1")
    assert [part(made, 1), part(made, 2)] == ["\ndef f(): ...", "\n\nx = 1"]
    assert made.notes == ("2 magic or shell lines of lstm.ipynb were left out.",)


def test_a_cell_in_another_language_is_left_out_whole() -> None:
    made = module("%%bash\nx = 1", "y = 2")
    assert part(made, 1) == "# %%bash\n# x = 1"
    assert made.notes == ("1 cell in another language of lstm.ipynb was left out.",)


def test_a_cell_that_cannot_be_parsed_costs_none_of_the_others() -> None:
    made = module("def f(:\n    pass", "y = 2")
    assert part(made, 1) == "# def f(:\n#     pass"
    assert part(made, 2) == "y = 2"
    (note,) = made.notes
    assert note.startswith("Left out: code cell 1 of lstm.ipynb, line 1: invalid syntax")
    compile(made.source, "lstm.ipynb", "exec")


def test_a_cell_may_not_change_the_encoding_of_the_rest() -> None:
    (note,) = module("# -*- coding: latin-1 -*-\nx = 1").notes
    assert "declares the encoding" in note


def test_an_older_format_is_brought_up_to_date() -> None:
    cells = ("import torch\n%pylab", "def f():\n    return 1")
    new = nbformat.reads(notebook(*cells).decode(), as_version=4)
    old = json.dumps(nbformat.convert(new, 3)).encode()
    assert b'"worksheets"' in old
    assert to_module(old, "lstm.ipynb") == module(*cells)


def test_line_ends_of_other_systems_count_as_one() -> None:
    made = to_module(notebook("a = 1\r\nb = 2\rc = 3"), "lstm.ipynb")
    assert (part(made, 1), made.parts) == ("a = 1\nb = 2\nc = 3", ((1, 3),))


def test_outputs_are_of_no_account() -> None:
    made = nbformat.reads(notebook("x = 1").decode(), as_version=4)
    made.cells[1].outputs = [nbformat.v4.new_output("stream", text="x" * 1_000_000)]
    assert to_module(nbformat.writes(made).encode(), "lstm.ipynb") == module("x = 1")


@pytest.mark.parametrize("data", NO_NOTEBOOKS.values(), ids=NO_NOTEBOOKS.keys())
def test_a_file_that_is_no_notebook_is_named(data: bytes) -> None:
    with pytest.raises(source.SourceError, match=r"^lstm\.ipynb is no Jupyter notebook: .*Save it anew"):
        to_module(data, "lstm.ipynb")


def test_no_more_code_than_is_written_by_hand() -> None:
    with pytest.raises(source.SourceError, match="more than 100 kB of code"):
        module(*["x = 1\n" * 10_000] * 2)
