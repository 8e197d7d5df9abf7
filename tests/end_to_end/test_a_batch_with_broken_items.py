"""A thousand items in one POST, ten of them broken in ten ways: each is handled or recorded."""

import json
from collections import Counter

import asyncpg

from tests.eventually import eventually
from tests.system import System
from tests.webhooks import signed, text_message, webhook_of

GOOD = 990
CONTACTS = 30

# No object, or an object that says too little or too much to be anybody's message.
BROKEN: tuple[object, ...] = (
    None,
    7,
    "text",
    [],
    {},
    {"id": 5, "from": ["34600111222"], "type": "text"},
    {"id": "wamid.x", "timestamp": [], "type": {"a": 1}},
    {"id": "\ud83d", "timestamp": "1", "from": None, "text": {"body": "\x00"}},
    {"id": "y" * 9000, "from": {"wa_id": 34600111222}},
    {"from": "", "id": "wamid.z", "timestamp": "9" * 400, "type": "text", "text": 7},
)

COUNT_MESSAGES = """
SELECT count(*) AS messages, count(DISTINCT text) AS texts, count(DISTINCT ticket_id) AS tickets
FROM messages WHERE author = 'contact'
"""


async def test_990_items_are_handled_and_10_recorded_in_one_post(
    system: System, database: asyncpg.Connection
) -> None:
    """The promise about signed bodies: 200, recorded as it came, the neighbours untouched."""
    ingress = await system.start("ingress")
    await system.start("ticket_router")
    items: list[object] = [
        text_message(f"346000{number % CONTACTS:05d}", f"mensaje {number}")
        for number in range(GOOD)
    ]
    for place, broken in enumerate(BROKEN):
        items.insert(place * 100 + 50, broken)
    body = json.dumps(webhook_of(*items)).encode()

    url = f"http://127.0.0.1:{ingress.port}/webhook"
    async with system.http.post(url, data=body, headers=signed(body)) as answer:
        assert answer.status == 200

    async def all_are_in_the_ledger() -> None:
        rows = await database.fetch("SELECT outcome FROM received_events")
        assert Counter(row["outcome"] for row in rows) == {"stored": GOOD, "recorded": len(BROKEN)}

    await eventually(all_are_in_the_ledger, within=60)
    assert len(items) == GOOD + len(BROKEN) == 1000
    (accepted,) = ingress.events("webhook.accepted")
    assert accepted["items"] == 1000
    counts = await database.fetchrow(COUNT_MESSAGES)
    assert counts is not None
    assert tuple(counts) == (GOOD, GOOD, CONTACTS)
    raw = await database.fetch("SELECT raw FROM received_events WHERE outcome = 'recorded'")
    kept = [json.loads(row["raw"]) for row in raw]
    assert sorted(map(repr, (one["message"] for one in kept))) == sorted(map(repr, BROKEN))
    for name in ("event.dead_lettered", "batch.halved", "worker.waiting", "service.crashed"):
        assert system.events(name) == []
