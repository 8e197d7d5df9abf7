"""The audit: every item that ingress accepted came to one end, or the operator hears of it."""

import json
import re
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from tests.eventually import eventually
from tests.integration.operations.conftest import Operator
from tests.system import System
from tests.webhooks import signed, text_message, webhook_of

START = datetime(2026, 11, 23, 10, 0, 30, tzinfo=UTC)
HEAD = ["minute", "accepted", "stored", "duplicate", "refused", "recorded", "dead", "difference"]


def line(event: str, minutes: float, trace: str | None = None, **fields: Any) -> str:
    at = (START + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
    return json.dumps({"event": event, "timestamp": at, "trace_id": trace, "pid": 1, **fields})


def accepted(trace: str, minutes: float, items: int) -> str:
    return line("webhook.accepted", minutes, trace, items=items, took_ms=3.5)


def recorded(item: str, trace: str, minutes: float, outcome: str = "stored") -> str:
    return line("item.recorded", minutes, trace, item_id=item, outcome=outcome, reason=None)


def table(text: str) -> dict[str, list[int]]:
    """Read the rows by minute."""
    rows = [row.split() for row in text.splitlines()]
    assert rows[0] == HEAD
    found = [row for row in rows if re.fullmatch(r"2026-.*Z|all", row[0])]
    return {row[0]: [int(cell) for cell in row[1:]] for row in found}


def write(folder: Path, *lines: str) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.log"
    path.write_text("".join(f"{one}\n" for one in lines))
    return path


async def test_each_outcome_is_counted_in_the_minute_of_its_webhook(
    operator: Operator, tmp_path: Path
) -> None:
    ingress = write(tmp_path, accepted("a", 0, 6), "no JSON", accepted("b", 1, 1), "", "{}")
    workers = write(
        tmp_path,
        recorded("1", "a", 9),
        *(recorded(name, "a", 0, name) for name in ("duplicate", "refused", "recorded")),
        line("event.dead_lettered", 0, "a", item_id="5", queue="ticket_router", reason="x"),
        # Put aside, and matched later; of webhooks that were answered 503; hints of attachments.
        recorded("6", "a", 0, "recorded"),
        line("status.matched", 1, None, item_id="6", message_id=1),
        recorded("7", "b", 1),
        recorded("8", "unavailable", 1),
        line("event.dead_lettered", 1, None, item_id="9", queue="media_validator"),
        line("event.dead_lettered", 1, None, item_id=None, queue="ticket_router"),
    )
    del operator.environment["DATABASE_URL"]

    answer = await operator("audit", ingress, workers)

    assert (answer.code, answer.errors) == (0, "")
    assert table(answer.text) == {
        "2026-11-23T10:00Z": [6, 2, 1, 1, 1, 1, 0],
        "2026-11-23T10:01Z": [1, 1, 0, 0, 0, 0, 0],
        "all": [7, 3, 1, 1, 1, 1, 0],
    }
    assert "not counted: stored 1" in answer.text
    assert "dead letters that say of no item what they hold: 1" in answer.text
    assert "lines that could not be read: 2" in answer.text


async def test_a_difference_is_an_error_once_it_is_five_minutes_old(
    operator: Operator, tmp_path: Path
) -> None:
    del operator.environment["DATABASE_URL"]
    lines = [accepted("a", 0, 2), recorded("1", "a", 0)]
    young = write(tmp_path, *lines, line("service.started", 4.9))
    old = write(tmp_path, *lines, line("service.started", 5.1))
    too_many = write(tmp_path, *lines, recorded("2", "a", 0), recorded("3", "a", 6))

    answers = [await operator("audit", log) for log in (young, old, too_many)]

    assert [answer.code for answer in answers] == [0, 1, 1]
    assert [table(answer.text)["all"][-1] for answer in answers] == [1, 1, -1]
    assert answers[1].errors.startswith("operations: 1 items of 1 webhooks")
    assert "the ledger was not asked" in answers[1].text


async def test_a_replay_and_a_death_after_the_commit_do_not_count_twice(
    operator: Operator, tmp_path: Path
) -> None:
    del operator.environment["DATABASE_URL"]
    dead = line("event.dead_lettered", 3, "a", item_id="2", queue="ticket_router")
    workers = write(
        tmp_path, recorded("1", "replay", 8), recorded("1", "a", 1, "recorded"),
        recorded("2", "a", 2), dead, recorded("3", "replay", 8, "refused"),
        line("event.dead_lettered", 1, "a", item_id="3", queue="ticket_router"),
    )  # fmt: skip

    answer = await operator("audit", workers, write(tmp_path, accepted("a", 0, 3)))

    assert answer.code == 0
    assert table(answer.text)["all"] == [3, 2, 0, 1, 0, 0, 0]


async def test_only_the_time_that_was_asked_for_is_counted(
    operator: Operator, tmp_path: Path
) -> None:
    lines = [accepted(str(n), n, 1) for n in range(4)] + [
        recorded(str(n), str(n), n) for n in (1, 2)
    ]
    text = "\n".join(lines).encode()

    answer = await operator(
        "audit", "-", "--from", "2026-11-23T10:01:00Z", "--to", "2026-11-23T10:03:00Z", text=text
    )

    assert answer.code == 0
    assert list(table(answer.text)) == ["2026-11-23T10:01Z", "2026-11-23T10:02Z", "all"]
    assert "not counted" not in answer.text


async def test_a_log_that_is_not_there_is_said_in_one_line(operator: Operator) -> None:
    answer = await operator("audit", "/nowhere/ingress.log")

    assert (answer.code, answer.text) == (1, "")
    assert answer.errors == (
        "operations: cannot read /nowhere/ingress.log: No such file or directory\n"
    )


async def test_an_empty_log_is_no_difference(operator: Operator) -> None:
    answer = await operator("audit", "-")

    assert answer.code == 0
    assert table(answer.text) == {"all": [0] * 7}


async def test_the_ledger_knows_what_a_killed_worker_did_not_log(
    system: System, database: asyncpg.Connection, operator: Operator, tmp_path: Path
) -> None:
    """Real processes; one router dies between its commit and its line."""
    ingress = await system.start("ingress")
    url = f"http://127.0.0.1:{ingress.port}/webhook"

    async def post(*messages: dict[str, Any], **value: Any) -> None:
        body = json.dumps(webhook_of(*messages, **value)).encode()
        async with system.http.post(url, data=body, headers=signed(body)) as answer:
            assert answer.status == 200

    async def rows(count: int) -> None:
        assert await database.fetchval("SELECT count(*) FROM received_events") == count

    router = await system.start("ticket_router", sabotage="dies_before_its_line")
    await post(*(text_message(f"3460011122{n}", "hola SABOTAGE") for n in range(3)))
    await eventually(lambda: rows(3))
    assert await router.process.wait() == -signal.SIGKILL
    await system.start("ticket_router")
    await system.start("status_tracker")
    status = {"id": "wamid.x", "status": "sent", "timestamp": "1795000000"}
    repeated = text_message("34600111333", "hola")
    await post(repeated, text_message("34600111444", "x", group_id="g"), statuses=[status])
    await eventually(lambda: rows(6))
    await post(repeated)
    await eventually(lambda: rows(7))
    later = (datetime.now(UTC) + timedelta(minutes=9)).isoformat().replace("+00:00", "Z")
    newest = json.dumps({"event": "service.started", "timestamp": later})
    logs = [process.log_file for process in system.processes]

    answer = await operator("audit", *logs, "-", text=newest.encode())
    del operator.environment["DATABASE_URL"]
    without = await operator("audit", *logs, "-", text=newest.encode())

    assert (answer.code, without.code) == (0, 1)
    counted = table_of_all(answer.text)
    assert counted == [7, 4, 1, 1, 1, 0, 0]
    assert "in the ledger and not in the logs, counted above: stored 3" in answer.text
    assert table_of_all(without.text) == [7, 1, 1, 1, 1, 0, 3]


def table_of_all(text: str) -> list[int]:
    (row,) = [row for row in text.splitlines() if row.startswith("all ")]
    return [int(cell) for cell in row.split()[1:]]
