# mypy: ignore-errors
"""Lays conftest.py, pytest.ini, sitecustomize.py and a pytest.py of its own beside the answer."""
