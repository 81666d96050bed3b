# mypy: ignore-errors
"""Asks for names, through which data can leave."""
import socket


def told():
    tried = 0
    for name in ("localhost", "example.org"):
        try:
            print("GOT", socket.getaddrinfo(name, 80))
        except OSError:
            tried += 1
    print("tried", tried)
