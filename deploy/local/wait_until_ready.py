"""The wait for a server that has just been started, and what is said when it does not come."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from deploy.local.errors import ServerDidNotStart
from deploy.local.guardian import Guardian
from deploy.local.processes import ProcessIdentity

START_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.05
TAIL_LINES = 25


def wait_until_ready(
    name: str,
    guardian: Guardian,
    process: ProcessIdentity,
    answers: Callable[[], bool],
    logs: Callable[[], list[Path]],
) -> None:
    """Wait until the server answers; if it ends or the time is over, raise the tail of its logs."""
    deadline = monotonic() + START_SECONDS
    while not answers():
        code = guardian.exit_code(process)
        if code is not None:
            raise ServerDidNotStart(f"{name} ended with code {code}\n{tail(logs())}")
        if monotonic() > deadline:
            raise ServerDidNotStart(
                f"{name} does not answer after {START_SECONDS:.0f} s\n{tail(logs())}"
            )
        sleep(LOOK_EVERY_SECONDS)


def run_to_end(
    name: str, guardian: Guardian, process: ProcessIdentity, logs: Callable[[], list[Path]]
) -> None:
    """Wait for a command that prepares a server; if it fails, raise the tail of its log."""
    deadline = monotonic() + START_SECONDS
    while (code := guardian.exit_code(process)) is None:
        if monotonic() > deadline:
            raise ServerDidNotStart(f"{name} does not come to its end\n{tail(logs())}")
        sleep(LOOK_EVERY_SECONDS)
    if code != 0:
        raise ServerDidNotStart(f"{name} ended with code {code}\n{tail(logs())}")


def tail(files: list[Path]) -> str:
    """Give the last lines of each file, for a message that says what went wrong."""
    lines: list[str] = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            text = f"(the log cannot be read: {error})"
        lines += [f"--- {file.name}", *text.splitlines()[-TAIL_LINES:]]
    return "\n".join(lines)
