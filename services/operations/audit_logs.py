"""Hold what ingress accepted against what became of it, minute by minute."""

import argparse
import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from services.operations.ask_ledger import ask_ledger
from services.operations.command_failed import CommandFailedError
from services.operations.read_log_lines import LogLines, Webhook
from services.operations.read_time import read_time
from services.operations.show import say, show_table
from shared import config
from shared.database.pool import create_pool

OUTCOMES = ("stored", "duplicate", "refused", "recorded", "dead")
STANDARD_INPUT = "-"
# What is younger may still be on its way.
ON_ITS_WAY = timedelta(minutes=5)


def audit_options(parser: argparse.ArgumentParser) -> None:
    """Name the logs, and the time."""
    parser.add_argument(
        "logs", nargs="+", metavar="LOGFILE",
        help="JSON lines of all processes, in any order; - is standard input",
    )  # fmt: skip
    for name in ("from", "to"):
        parser.add_argument(
            f"--{name}", type=read_time, metavar="TIME", help="when ingress accepted, RFC 3339"
        )


def audit_logs(env: config.Env, arguments: argparse.Namespace) -> None:
    """Count the items that ingress accepted against those that came to an end, by the minute."""
    # The one command that can do without a database.
    is_set = env.str("DATABASE_URL", None) is not None
    database_url = config.database_url(env) if is_set else None
    lines = LogLines(getattr(arguments, "from"), arguments.to)
    for name in arguments.logs:
        _read(lines, name)
    elsewhere = lines.count()
    from_ledger = _complete(lines, database_url)
    _show_minutes(lines.webhooks.values())
    _tell(lines, elsewhere, from_ledger)
    wrong = [one for one in lines.webhooks.values() if one.difference and _is_old(one, lines)]
    if wrong:
        items = sum(abs(one.difference) for one in wrong)
        raise CommandFailedError(
            f"{items} items of {len(wrong)} webhooks, accepted more than five minutes before the "
            "newest line, did not come to an end, or came to more than one"
        )


def _read(lines: LogLines, name: str) -> None:
    if name == STANDARD_INPUT:
        lines.read(sys.stdin.buffer)
        return
    try:
        with Path(name).open("rb") as file:
            lines.read(file)
    except OSError as error:
        raise CommandFailedError(f"cannot read {name}: {error.strerror}") from error


def _complete(lines: LogLines, database_url: str | None) -> Counter[str] | None:
    """Ask the ledger for what the logs lack; None where it was not asked."""
    lacking = [webhook for webhook in lines.webhooks.values() if webhook.difference > 0]
    if database_url is None or not lacking:
        return None if lacking else Counter()

    async def ask() -> Counter[str]:
        async with await create_pool(database_url, "operations", size=1) as pool:
            return await ask_ledger(pool, lacking, lines.items.keys())

    return asyncio.run(ask())


def _show_minutes(webhooks: Iterable[Webhook]) -> None:
    accepted: Counter[datetime] = Counter()
    outcomes: dict[datetime, Counter[str]] = defaultdict(Counter)
    for webhook in webhooks:
        minute = webhook.at.replace(second=0, microsecond=0)
        accepted[minute] += webhook.items
        outcomes[minute].update(webhook.outcomes)
    rows = [
        _row(f"{minute:%Y-%m-%dT%H:%MZ}", accepted[minute], outcomes[minute])
        for minute in sorted(accepted)
    ]
    total = sum(outcomes.values(), Counter[str]())
    show_table(
        ("minute", "accepted", *OUTCOMES, "difference"),
        [*rows, _row("all", accepted.total(), total)],
    )


def _row(name: str, accepted: int, outcomes: Counter[str]) -> tuple[object, ...]:
    counts = [outcomes[outcome] for outcome in OUTCOMES]
    return (name, accepted, *counts, accepted - outcomes.total())


def _tell(lines: LogLines, elsewhere: Counter[str], from_ledger: Counter[str] | None) -> None:
    if from_ledger is None:
        say("the ledger was not asked for what the logs lack: DATABASE_URL is not set")
    elif from_ledger:
        say(f"in the ledger and not in the logs, counted above: {_in_words(from_ledger)}")
    if elsewhere and lines.since is None and lines.until is None:
        say(f"of webhooks that no line says were accepted, not counted: {_in_words(elsewhere)}")
    if lines.unnamed:
        say(f"dead letters that say of no item what they hold: {lines.unnamed}")
    say(f"lines that could not be read: {lines.unreadable}")


def _in_words(counts: Counter[str]) -> str:
    return ", ".join(f"{outcome} {counts[outcome]}" for outcome in OUTCOMES if counts[outcome])


def _is_old(webhook: Webhook, lines: LogLines) -> bool:
    return lines.newest is not None and webhook.at < lines.newest - ON_ITS_WAY
