# mypy: ignore-errors
"""Never finishes loading."""
while True:
    pass
