"""What is there when all has come to rest: the auditor's rows, and nothing of it judged yet."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.broker.topology import QUEUES
from shared.events import AttachmentReceived
from tests.faults.campaign.citizens import Answer, Written
from tests.faults.campaign.gate import Item
from tests.faults.campaign.resources import Footprint, connections, footprints
from tests.faults.campaign.world import World
from tests.faults.envelopes import dead_letters, events_in

Row = dict[str, Any]

TABLES = {
    "ledger": "SELECT item_id, outcome, reason, message_id, raw FROM received_events",
    "messages": """
        SELECT messages.id, messages.ticket_id, direction, author, purpose, text, sent_at, wamid,
               delivery,
               tickets.contact_id, seen.status AS seen_status, seen.closes_at AS seen_closes_at,
               seen.at AS written_at,
               (SELECT min(at) FROM witnessed_sends WHERE message_id = messages.id) AS taken_at
        FROM messages JOIN tickets ON tickets.id = messages.ticket_id
        LEFT JOIN witnessed_messages AS seen ON seen.message_id = messages.id
        ORDER BY messages.id""",
    "tickets": "SELECT * FROM tickets ORDER BY id",
    "seen_tickets": "SELECT * FROM witnessed_tickets ORDER BY at",
    "actions": "SELECT * FROM ticket_events ORDER BY id",
    "addresses": "SELECT kind, value, contact_id FROM contact_addresses",
    "files": """
        SELECT attachments.*, messages.wamid, messages.ticket_id,
               (SELECT max(at) FROM witnessed_files
                WHERE attachment_id = attachments.id) AS ended_at
        FROM attachments JOIN messages ON messages.id = message_id""",
    "unnamed": "SELECT bytes_key FROM unnamed_bytes",
}


@dataclass(frozen=True)
class Evidence:
    """Everything that the invariants are about."""

    accepted: Counter[Item]
    posted: Counter[Item]
    written: tuple[Written, ...]
    answers: tuple[Answer, ...]
    ledger: list[Row]
    messages: list[Row]
    tickets: list[Row]
    seen_tickets: list[Row]
    actions: list[Row]
    addresses: list[Row]
    files: list[Row]
    phones: dict[str, list[Row]]
    """What the desk sent to each telephone number, in the order of its arrival."""
    queues: dict[str, int]
    dead_letters: list[str]
    """The wamid of each."""
    stored: dict[str, int]
    """The sizes of the kept files, by their keys."""
    unnamed: list[Row]
    """Keys that are known to belong to no file."""
    logs: tuple[Path, ...]
    before: dict[str, Footprint]
    after: dict[str, Footprint]
    connected_before: dict[str, int]
    connected_after: dict[str, int]


async def collect(
    world: World,
    written: tuple[Written, ...],
    answers: tuple[Answer, ...],
    before: tuple[dict[str, Footprint], dict[str, int]],
) -> Evidence:
    """Read everything; nothing is changed but the dead letters, which are taken.

    `before` is what the processes and servers held before the first fault.
    """
    after = footprints(world), await connections(world)
    tables: dict[str, list[Row]] = {}
    async with world.database() as database:
        for name, query in TABLES.items():
            tables[name] = [dict(row) for row in await database.fetch(query)]
    queues = await world.system.queue_lengths()
    return Evidence(
        accepted=world.gate.accepted,
        posted=world.gate.posted,
        written=written,
        answers=answers,
        **tables,
        phones=await _phones(world),
        queues=queues,
        dead_letters=await _dead_letters(world.amqp_url),
        stored=_stored(world.system.media_folder),
        logs=tuple(process.log_file for process in world.system.processes),
        before=before[0],
        after=after[0],
        connected_before=before[1],
        connected_after=after[1],
    )


def item_of(raw: bytes) -> Item | None:
    """Give the item that a row of the ledger is about."""
    told = json.loads(raw)
    if "status" in told:
        return Item(told["status"]["id"], told["status"]["status"])
    return Item(told["message"]["id"], None) if "message" in told else None


async def _phones(world: World) -> dict[str, list[Row]]:
    async with world.system.http.get(f"{world.system.simulator_url}/phones") as answer:
        numbers = [phone["number"] for phone in (await answer.json())["phones"]]
    return {number: await world.system.phone(number) for number in numbers}


async def _dead_letters(amqp_url: str) -> list[str]:
    wamids = []
    for queue in QUEUES:
        for letter in await dead_letters(amqp_url, queue):
            for event in events_in(letter):
                item = item_of(event.raw) if not isinstance(event, AttachmentReceived) else None
                wamids.append(item.wamid if item is not None else "?")
    return wamids


def _stored(folder: Path) -> dict[str, int]:
    files = (path for path in folder.rglob("*") if path.is_file())
    # What is still being written has a `#` behind its key.
    return {path.name.partition("#")[0]: path.stat().st_size for path in files}
