"""Ctrl-C, SIGTERM and a closed terminal: each ends the run in good order."""

import os
import signal
import sys
from itertools import count

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# The first begins the end and the second cuts it short; what is left then is brief and bounded.
MOST_INTERRUPTIONS = 2


def end_on_signals() -> None:
    """Have each of the signals raise KeyboardInterrupt; what nohup ignores stays ignored."""
    numbers = count(1)

    def interrupt(_number: int, _frame: object) -> None:
        if next(numbers) <= MOST_INTERRUPTIONS:
            raise KeyboardInterrupt

    for number in ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)


def ignore_signals() -> None:
    """Let nothing interrupt any more."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def say(line: str) -> None:
    """Print a line at once; where nobody reads any more, that ends the run as Ctrl-C does."""
    try:
        print(line, flush=True)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        raise KeyboardInterrupt from None
