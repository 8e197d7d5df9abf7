"""What is logged stands in the catalogue, and what stands in the catalogue is logged."""

import ast
from pathlib import Path

from shared.log_catalogue import CATALOGUE
from tests.architecture.sources import OURS, calls, dotted, files

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
OF_TX = {"log", "warning", "error"}
# It writes what its callers gave to `tx.log`, which is looked at there.
HANDS_ON = Path("shared/database/transaction.py")


def _logged() -> dict[str, list[str]]:
    """Give each event with the lines that log it; an event that is no constant is `?`."""
    events: dict[str, list[str]] = {}
    for path in set(files(*OURS)) - {HANDS_ON}:
        for name, call in calls(path):
            receiver, _, method = name.rpartition(".")
            is_log = receiver == "log" and method in LEVELS
            if not is_log and not (method in OF_TX and receiver.split(".")[-1] == "tx"):
                continue
            first = call.args[0] if call.args else None
            event = first.value if isinstance(first, ast.Constant) else "?"
            events.setdefault(str(event), []).append(f"{path}:{call.lineno}")
    return events


def test_every_event_that_is_logged_stands_in_the_catalogue() -> None:
    logged = _logged()

    assert {event: lines for event, lines in logged.items() if event not in CATALOGUE} == {}


def test_every_event_of_the_catalogue_is_logged_somewhere() -> None:
    assert sorted(CATALOGUE.keys() - _logged().keys()) == []


def test_every_field_that_is_logged_stands_in_the_catalogue() -> None:
    unknown = []
    for path in files(*OURS):
        for name, call in calls(path):
            first = call.args[0] if call.args else None
            if name.rpartition(".")[0] not in {"log", "tx"} or not isinstance(first, ast.Constant):
                continue
            allowed = CATALOGUE.get(str(first.value), frozenset()) | {"trace_id"}
            fields = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
            if fields - allowed:
                unknown.append((f"{path}:{call.lineno}", sorted(fields - allowed)))
            # `**failure(error)` and nothing else may be spread out into a line.
            spread = [keyword.value for keyword in call.keywords if keyword.arg is None]
            for value in spread:
                assert "failure" in ast.dump(value), f"{path}:{call.lineno}: {dotted(value)}"

    assert unknown == []
