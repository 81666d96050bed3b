# mypy: ignore-errors
"""Never returns, and ignores signals."""
import signal

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGXCPU):
    signal.signal(number, signal.SIG_IGN)


def secret(x, word):
    while True:
        pass
