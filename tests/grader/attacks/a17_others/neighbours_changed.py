# mypy: ignore-errors
"""Changes a neighbour's answer: by writing, renaming, linking, removing, closing and making older."""
import os
import shutil


def told():
    neighbour = "{CLASS}/zz_after/target.py"
    tried = 0
    for attempt in (
        lambda: open(neighbour, "a"),
        lambda: os.rename(neighbour, neighbour + "~"),
        lambda: os.unlink(neighbour),
        lambda: os.truncate(neighbour, 0),
        lambda: os.chmod(neighbour, 0),
        lambda: os.utime(neighbour, (0, 0)),
        lambda: shutil.copy("{CLASS}/a17_others-neighbours_changed/target.py", "{CLASS}/zz_after/other.py"),
    ):
        try:
            attempt()
            print("GOT it")
        except OSError:
            tried += 1
    print("tried", tried)
