"""What Ctrl-C does to a run, pressed once, twice, and again."""

import os
import signal
from collections.abc import Iterator

import pytest

from deploy.local.interrupts import ENDING, end_on_signals


@pytest.fixture(autouse=True)
def handlers_restored() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDING)
def test_two_signals_interrupt_and_no_more(number: signal.Signals) -> None:
    end_on_signals()

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    os.kill(os.getpid(), number)


def test_nohup_is_respected() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    end_on_signals()

    os.kill(os.getpid(), signal.SIGHUP)
