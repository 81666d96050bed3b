# mypy: ignore-errors
"""Opens sockets of every kind, to fetch answers and to send out what it learns."""
import socket
import urllib.request


def told():
    tried = 0
    for attempt in (
        lambda: socket.socket(socket.AF_INET),
        lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
        lambda: socket.socket(socket.AF_UNIX),
        socket.socketpair,
        lambda: urllib.request.urlopen("http://127.0.0.1:1/", timeout=1),
        lambda: socket.create_server(("127.0.0.1", 0)),
    ):
        try:
            print("GOT", attempt())
        except OSError as error:
            tried += "refused" not in str(error).lower()
    print("tried", tried)
