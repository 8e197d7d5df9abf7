"""Post the webhooks of an example to a running system, and see what became of them."""

import json
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any
from uuid import UUID

import asyncpg

from shared.whatsapp.split_webhook import split_webhook
from tests.eventually import eventually
from tests.system import System
from tests.webhook_examples import CALLBACK_OF_OPENING, WAMID_OF_OPENING, body_of, fill_times
from tests.webhooks import signed

Json = dict[str, Any]

# So long an idle system on a busy machine may take for a webhook.
WITHIN = 30.0


@dataclass
class Played:
    """An example on its way through the system; what was there before is not looked at."""

    system: System
    database: asyncpg.Connection
    webhooks: list[Json]
    after: Json
    last_item: UUID
    last_contact: int
    last_ticket: str | None

    async def post_all(self) -> None:
        """Post each webhook after the one before was handled."""
        items = 0
        for webhook in self.webhooks:
            body = body_of(await self._fill_in_opening(webhook))
            url = f"{self.system.ingress_urls[0]}/webhook"
            async with self.system.http.post(url, data=body, headers=signed(body)) as answer:
                assert answer.status == 200, await answer.text()
            items += len(split_webhook(body))
            await self._handled(items)

    async def _handled(self, items: int) -> None:
        async def check() -> None:
            ledger = await self.ledger()
            assert sum(ledger.values()) >= items, f"{items} items, of which only {ledger}"
            assert await self.database.fetchval("SELECT count(*) FROM outbox") == 0

        await eventually(check, within=WITHIN)

    async def _fill_in_opening(self, webhook: Json) -> Json:
        text = json.dumps(webhook)
        if WAMID_OF_OPENING not in text and CALLBACK_OF_OPENING not in text:
            return webhook
        (opening,) = [
            message
            for address in self.after["phone"]
            for message in await self._received(address)
            if message["purpose"] == "opening"
        ]
        filled: Json = json.loads(
            text.replace(WAMID_OF_OPENING, opening["id"]).replace(
                CALLBACK_OF_OPENING, opening["callback_data"]
            )
        )
        return filled

    async def seen(self) -> Json:
        """Give what is to be seen now, in the form of `After`."""
        return {
            "ledger": await self.ledger(),
            "tickets": await self._tickets(),
            "addresses": await self._addresses(),
            "conflicts": await self._conflicts(),
            "phone": {
                address: [message["purpose"] for message in await self._received(address)]
                for address in self.after.get("phone", {})
            },
        }

    async def ledger(self) -> dict[str, int]:
        rows = await self.database.fetch(
            "SELECT outcome FROM received_events WHERE item_id > $1", self.last_item
        )
        return Counter(row["outcome"] for row in rows)

    async def _conflicts(self) -> int:
        return await self.database.fetchval(  # type: ignore[no-any-return]
            "SELECT count(*) FROM received_events WHERE item_id > $1 AND reason = 'conflict'",
            self.last_item,
        )

    async def _addresses(self) -> list[list[dict[str, str]]]:
        rows = await self.database.fetch(
            "SELECT contact_id, kind, value FROM contact_addresses WHERE contact_id > $1"
            " ORDER BY kind, value",
            self.last_contact,
        )
        contacts: defaultdict[int, list[dict[str, str]]] = defaultdict(list)
        for row in rows:
            contacts[row["contact_id"]].append({row["kind"]: row["value"]})
        return in_order(list(contacts.values()))

    async def _received(self, address: str) -> list[Json]:
        """Give what a citizen's phone got, each with its purpose."""
        folder = "users" if "." in address else "phones"
        url = f"{self.system.simulator_url}/{folder}/{address}/messages"
        async with self.system.http.get(url) as answer:
            assert answer.status == 200, await answer.text()
            messages: list[Json] = (await answer.json())["messages"]
        for message in messages:
            message_id = int(message["callback_data"].removeprefix("message:"))
            message["purpose"] = await self.database.fetchval(
                "SELECT purpose FROM messages WHERE id = $1", message_id
            )
        return messages

    async def _tickets(self) -> list[Json]:
        tickets = await self.system.tickets()
        new = takewhile(lambda ticket: ticket["number"] != self.last_ticket, tickets)
        return [await self._ticket(ticket) for ticket in new]

    async def _ticket(self, ticket: Json) -> Json:
        messages = await self.system.messages(ticket["number"])
        contact = {key: ticket["contact"][key] for key in ("phone", "user_id", "name", "username")}
        return {
            **contact,
            "status": ticket["status"],
            "messages": [_inbound(one) for one in messages if one["direction"] == "inbound"],
            "sent": [one for one in messages if one["direction"] == "outbound"],
        }


async def play(system: System, database: asyncpg.Connection, example: Json) -> Played:
    """Play an example; what it says is filled in."""
    now = int(time.time())
    tickets = await system.tickets()
    played = Played(
        system,
        database,
        fill_times(example["webhooks"], now),
        fill_times(example["after"], now),
        await database.fetchval("SELECT item_id FROM received_events ORDER BY item_id DESC LIMIT 1")
        or UUID(int=0),
        await database.fetchval("SELECT coalesce(max(id), 0) FROM contacts"),
        tickets[0]["number"] if tickets else None,
    )
    await played.post_all()
    return played


def in_order(contacts: list[list[dict[str, str]]]) -> list[list[dict[str, str]]]:
    """Sort addresses: their order means nothing."""
    return sorted((sorted(addresses, key=str) for addresses in contacts), key=str)


def _inbound(message: Json) -> Json:
    """Give a message of the API as an example says it."""
    shown = {**message, "sent_at": _sent_at(message)}
    if "history" in message:
        shown["edited"] = message["edited_at"] is not None
        shown["revoked"] = message["revoked_at"] is not None
        shown["before"] = [earlier["text"] for earlier in message["history"]]
    return shown


def _sent_at(message: Json) -> str:
    sent_at = datetime.fromisoformat(message["sent_at"]).timestamp()
    received_at = datetime.fromisoformat(message["received_at"]).timestamp()
    return "arrival" if sent_at == int(received_at) else str(int(sent_at))
