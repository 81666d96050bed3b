# mypy: ignore-errors
"""Opens files without end."""


def told():
    kept = []
    try:
        while True:
            kept.append(open("/dev/null"))
    except OSError as error:
        kept.clear()
        print("tried", error.strerror)
