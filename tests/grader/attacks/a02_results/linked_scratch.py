# mypy: ignore-errors
"""Leads its scratch folder, and a file in it, to the folder of the reports."""
import os


def told():
    tried = 0
    os.symlink("{OUT}", "reports")
    try:
        open("reports/gradebook.csv", "w").close()
    except OSError:
        tried += 1
    here = os.getcwd()
    try:
        os.chdir("/")
        os.rename(here, here + "-moved")
    except OSError:
        tried += 1
        os.chdir(here)
    print("tried", tried)
