# mypy: ignore-errors
"""Takes everything away that it defines."""
for name in list(globals()):
    if not name.startswith("__"):
        del globals()[name]
