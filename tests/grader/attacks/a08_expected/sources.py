# mypy: ignore-errors
"""Reads the suite and the solution: by open, linecache, inspect, a module's loader and pathlib."""
import importlib.util
import linecache
import os
import pathlib
import runpy
import shutil


def told():
    suite, solution = "{COURSE}/tests/suites/test_target.py", "{COURSE}/solutions/00_target/target.py"
    tried = 0
    attempts = [
        lambda: open(suite).read(),
        lambda: open(solution).read(),
        lambda: pathlib.Path(suite).read_text(),
        lambda: runpy.run_path(solution),
        lambda: shutil.copy(suite, "copy.py"),
        lambda: os.listdir("{COURSE}"),
        lambda: importlib.util.spec_from_file_location("s", solution).loader.get_source("s"),
        lambda: linecache.getlines(suite)[0],
    ]
    for attempt in attempts:
        try:
            print("GOT", attempt())
        except (OSError, ImportError, IndexError):
            tried += 1
    print("tried", tried)
