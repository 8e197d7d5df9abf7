"""Every example of a webhook, played into one running system: R8 to R15 as WhatsApp asks for them.

What an example says is compared; the rest of what the desk shows is not.
"""

import json
from collections.abc import AsyncIterator
from difflib import unified_diff
from typing import Any

import asyncpg
import pytest

from tests.end_to_end.play_example import Played, in_order, play
from tests.eventually import eventually
from tests.servers import TestServers, database_of_its_own, vhost_of_its_own
from tests.system import System
from tests.webhook_examples import example_names, read_example


@pytest.fixture(scope="module")
async def running(
    servers: TestServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """One system for all examples, whose simulator tells nothing of its own."""
    folder = tmp_path_factory.mktemp("every_webhook")
    async with (
        database_of_its_own(servers) as database_url,
        vhost_of_its_own(servers) as amqp_url,
        System(servers, database_url, amqp_url, folder) as system,
    ):
        # Without a validator files stay pending; notices about them would come at any time.
        await system.start_all(media_validator=0)
        await system.behave(statuses=False)
        yield system
        system.check_logs()


@pytest.fixture(scope="module")
async def database(running: System) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(running.database_url)
    yield connection
    await connection.close()


@pytest.mark.parametrize("name", example_names())
async def test_what_a_webhook_leads_to(
    running: System, database: asyncpg.Connection, name: str
) -> None:
    example = read_example(name)

    played = await play(running, database, example)

    await eventually(lambda: is_as_expected(played, example["about"]), within=2)


async def is_as_expected(played: Played, about: str) -> None:
    expected = dict(played.after)
    if "addresses" in expected:
        expected["addresses"] = in_order(expected["addresses"])
    seen = only_given(expected, await played.seen())
    if seen != expected:
        raise AssertionError(f"{about}\n{difference(expected, seen)}")


def only_given(expected: Any, seen: Any, key: str = "") -> Any:
    """Reduce what is seen to what is expected; outcomes and addresses are always whole."""
    if isinstance(expected, dict) and isinstance(seen, dict) and key not in {"ledger", "addresses"}:
        return {
            name: only_given(value, seen[name], name) if name in seen else "(not shown)"
            for name, value in expected.items()
        }
    if isinstance(expected, list) and isinstance(seen, list) and key != "addresses":
        pairs = zip(expected, seen, strict=False)
        return [only_given(*pair) for pair in pairs] + seen[len(expected) :]
    return seen


def difference(expected: Any, seen: Any) -> str:
    """Show both, line by line: - is expected, + is seen."""
    before, after = (
        json.dumps(one, indent=1, ensure_ascii=False, sort_keys=True).splitlines()
        for one in (expected, seen)
    )
    return "\n".join(unified_diff(before, after, "expected", "seen", n=4, lineterm=""))
