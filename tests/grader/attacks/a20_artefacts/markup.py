# mypy: ignore-errors
"""Raises markup, terminal codes, templates and formulas in a public test."""


def told():
    print("\x1b[31mred\x1b]0;title\x07 <img src=x onerror=alert(1)>")
    raise ValueError("<script>alert(1)</script> {{ 7*7 }} =1+1 \u202egnp \x1b[2J")
