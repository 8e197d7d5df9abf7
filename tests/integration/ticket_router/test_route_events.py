"""What the router makes of messages, read from the database that everyone else reads."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.ticket_router.route_events import route_events
from shared.database.pool import create_pool
from shared.database.transaction import transaction
from shared.domain.kinds import OPENING_KINDS
from shared.tickets.lock_contacts import lock_contacts
from shared.tickets.request_closing import request_closing
from tests.routing import route, router_settings
from tests.webhooks import events_of, text_message, webhook_of

PHONE = "34600111222"
USER = "ES.13491208655302741918"


async def tickets(database: asyncpg.Connection) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await database.fetch("SELECT * FROM tickets ORDER BY id")
    return rows


async def inbound(database: asyncpg.Connection) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await database.fetch(
        "SELECT * FROM messages WHERE direction = 'inbound' ORDER BY id"
    )
    return rows


async def outcomes(database: asyncpg.Connection) -> list[tuple[str, str | None]]:
    rows = await database.fetch("SELECT outcome, reason FROM received_events ORDER BY item_id")
    return [(row["outcome"], row["reason"]) for row in rows]


async def close(database_url: str, *, ago: float, grace: float) -> None:
    """Have an agent click `ago` seconds ago; the closing message was taken at once."""
    pool = await create_pool(database_url, "tests")
    settings = router_settings(database_url)
    async with transaction(pool) as tx:
        row = await tx.connection.fetchrow("SELECT * FROM tickets ORDER BY id DESC LIMIT 1")
        assert row is not None
        now = await lock_contacts(tx, [row["contact_id"]])
        await request_closing(
            tx, row["id"], row["number"], row["contact_id"], "admin",
            now - timedelta(seconds=ago), timedelta(seconds=grace), settings.texts,
        )  # fmt: skip
    await pool.close()


def seconds_ago(seconds: float) -> float:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).timestamp()


async def test_the_first_message_opens_a_ticket_and_the_next_joins_it(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R1, R2."""
    await route(database_url, text_message(PHONE, "uno"))
    await route(database_url, text_message(PHONE, "dos"))

    (ticket,) = await tickets(database)
    assert ticket["number"] == f"{datetime.now(UTC).year}-000001"
    assert [message["ticket_id"] for message in await inbound(database)] == [ticket["id"]] * 2
    openings = await database.fetch("SELECT text FROM messages WHERE purpose = 'opening'")
    assert len(openings) == 1
    assert ticket["number"] in openings[0]["text"]


async def test_the_same_event_again_is_a_duplicate_and_the_same_item_again_is_nothing(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R14: Meta repeats events, RabbitMQ repeats items."""
    message = text_message(PHONE, "uno")
    pool = await create_pool(database_url, "tests")
    settings = router_settings(database_url)
    first, second = (events_of(webhook_of(message)) for _ in range(2))
    for batch in (first, first, second, [*first, *second, *events_of(webhook_of(message))]):
        await route_events(pool, settings, batch)
    await pool.close()

    assert len(await inbound(database)) == 1
    assert await outcomes(database) == [("stored", None), ("duplicate", None), ("duplicate", None)]
    assert (await tickets(database))[0]["unread"] == 1


async def test_a_message_is_known_for_longer_than_its_row_in_the_ledger(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R14: the ledger may be purged; Meta repeats for seven days, a copy may come later."""
    message = text_message(PHONE, "uno")
    await route(database_url, message)
    await database.execute("DELETE FROM received_events")

    await route(database_url, message)

    assert len(await inbound(database)) == 1
    assert await outcomes(database) == [("duplicate", None)]


@pytest.mark.parametrize("after", [False, True])
async def test_what_comes_in_the_grace_joins_and_is_marked_by_whatsapps_second(
    database_url: str, database: asyncpg.Connection, after: bool
) -> None:
    """R5: later than the second of the click, not later than the moment of arrival."""
    await route(database_url, text_message(PHONE, "uno"))
    await close(database_url, ago=10, grace=600)

    await route(database_url, text_message(PHONE, "dos", at=seconds_ago(5 if after else 15)))

    (ticket,) = await tickets(database)
    assert ticket["status"] == "closing"
    assert [message["after_closing"] for message in await inbound(database)] == [False, after]


async def test_with_grace_reply_reopen_a_message_after_the_closing_reopens_the_ticket(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R5: the closing message was not taken, so it is withdrawn."""
    await route(database_url, text_message(PHONE, "uno"))
    await close(database_url, ago=10, grace=600)
    late = text_message(PHONE, "antes", at=seconds_ago(15))
    await route(database_url, late, grace_reply_reopens=True)
    assert (await tickets(database))[0]["status"] == "closing"

    await route(database_url, text_message(PHONE, "dos"), grace_reply_reopens=True)

    (ticket,) = await tickets(database)
    assert (ticket["status"], ticket["closes_at"]) == ("open", None)
    purposes = await database.fetch("SELECT purpose FROM messages WHERE direction = 'outbound'")
    assert [row["purpose"] for row in purposes] == ["opening"]


async def test_from_the_deadline_on_a_message_opens_a_new_ticket_that_knows_the_old(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R6, R7: whoever meets the ticket first writes it closed, at its deadline."""
    await route(database_url, text_message(PHONE, "uno"))
    await close(database_url, ago=30, grace=5)

    await route(database_url, text_message(PHONE, "sent before, comes late", at=seconds_ago(40)))

    old, new = await tickets(database)
    assert (old["status"], old["closed_at"]) == ("closed", old["closes_at"])
    assert (new["status"], new["previous_id"]) == ("open", old["id"])
    assert [m["ticket_id"] for m in await inbound(database)] == [old["id"], new["id"]]


async def test_a_message_stamped_at_the_deadline_ends_the_ticket_though_it_is_routed_before(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R7: clocks differ."""
    await route(database_url, text_message(PHONE, "uno"))
    await close(database_url, ago=0, grace=60)
    closes_at = (await tickets(database))[0]["closes_at"]

    await route(database_url, text_message(PHONE, "dos", at=closes_at.timestamp()))

    old, new = await tickets(database)
    assert (old["closed_at"], new["status"]) == (closes_at, "open")


@pytest.mark.parametrize("stamp", [None, "", "soon", -5, 10**30, [], "9" * 15])
async def test_a_stamp_that_cannot_be_read_counts_as_the_time_of_arrival(
    database_url: str, database: asyncpg.Connection, stamp: Any
) -> None:
    """R7."""
    await route(database_url, text_message(PHONE, "uno") | {"timestamp": stamp})

    (message,) = await inbound(database)
    assert abs(message["received_at"] - message["sent_at"]) <= timedelta(seconds=1)


async def test_every_kind_that_opens_a_ticket_stands_in_it_as_its_kind(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R12; what nobody has heard of is a placeholder too."""
    kinds = sorted(OPENING_KINDS)
    messages = [
        {key: value for key, value in text_message(PHONE, "x").items() if key != "text"}
        | {"type": kind, kind: {"caption": f"about {kind}", "body": "x"}}
        for kind in [*kinds, "hologram"]
    ]
    await route(database_url, *messages)

    stored = await inbound(database)
    assert [message["kind"] for message in stored] == [*kinds, "unsupported"]
    captions = {message["kind"]: message["text"] for message in stored}
    assert captions["document"] == "about document"


NOT_FOR_A_TICKET: tuple[tuple[dict[str, Any], tuple[str, str]], ...] = (
    ({"type": "reaction", "reaction": {"message_id": "x"}}, ("recorded", "reaction")),
    ({"type": "edit", "edit": {"original_message_id": "x"}}, ("recorded", "edit")),
    ({"type": "revoke", "revoke": {"original_message_id": "x"}}, ("recorded", "revoke")),
    ({"type": "system", "system": {"type": "user_changed_number"}}, ("recorded", "system")),
    ({"type": "request_welcome"}, ("recorded", "request_welcome")),
    ({"group_id": "Y2FwaV9ncm91cDpFWEFNUExF"}, ("refused", "group")),
    ({"type": "unsupported", "errors": [{"code": 130501}]}, ("refused", "group")),
    ({"type": "unsupported", "unsupported": {"type": "edit"}}, ("recorded", "unsupported mark")),
    ({"from": None}, ("recorded", "no sender")),
)  # fmt: skip


async def test_what_opens_no_ticket_is_recorded_and_answered_by_nobody(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R8, R12."""
    await route(database_url, *(text_message(PHONE, "x") | more for more, _ in NOT_FOR_A_TICKET))

    assert await tickets(database) == []
    assert await outcomes(database) == [outcome for _, outcome in NOT_FOR_A_TICKET]
    assert await database.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_message_for_another_number_is_recorded(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R12."""
    pool = await create_pool(database_url, "tests")
    webhook = webhook_of(text_message(PHONE, "x"), phone_number_id="1")
    await route_events(pool, router_settings(database_url), events_of(webhook))
    await pool.close()

    assert await outcomes(database) == [("recorded", "another number")]


async def test_forwards_and_replies_are_marked_and_the_quoted_text_is_not_kept(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R9, R10."""
    contexts: list[dict[str, Any]] = [
        {}, {"forwarded": True}, {"frequently_forwarded": True}, {"id": "wamid.x", "from": "1"},
    ]  # fmt: skip
    await route(database_url, *(text_message(PHONE, "x", context=one) for one in contexts))

    marks = [(message["forwarded"], message["is_reply"]) for message in await inbound(database)]
    assert marks == [(None, False), ("once", False), ("often", False), (None, True)]


async def test_text_that_postgresql_cannot_hold_is_kept_with_replacements(
    database_url: str, database: asyncpg.Connection
) -> None:
    await route(
        database_url,
        text_message(PHONE, "a\x00b\ud83d"),
        contacts=[{"wa_id": PHONE, "profile": {"name": "A\u202ena\x07 \ud83d"}}],
    )

    (message,) = await inbound(database)
    assert message["text"] == "a\ufffdb\ufffd"
    assert await database.fetchval("SELECT profile_name FROM contacts") == "Ana \ufffd"


async def test_a_contact_is_known_by_user_id_and_by_phone(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R13: first the phone alone, then both, then the user id alone: one contact, one ticket."""
    await route(database_url, text_message(PHONE, "uno"))
    await route(database_url, text_message(PHONE, "dos", from_user_id=USER))
    hidden = {key: value for key, value in text_message(PHONE, "tres").items() if key != "from"}
    await route(database_url, hidden | {"from_user_id": USER})

    assert len(await tickets(database)) == 1
    assert await database.fetchval("SELECT count(*) FROM contacts") == 1


async def test_a_number_that_passed_to_another_person_makes_a_new_contact(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R13: the newcomer takes the phone over; the former owner keeps the user id."""
    await route(database_url, text_message(PHONE, "Ana", from_user_id=USER))
    await route(database_url, text_message(PHONE, "Luis", from_user_id="ES.222"))
    await route(database_url, text_message(PHONE, "Luis otra vez"))

    ana, luis = await tickets(database)
    assert [m["ticket_id"] for m in await inbound(database)] == [ana["id"], luis["id"], luis["id"]]


async def test_one_batch_with_all_forms_of_one_sender_makes_one_contact(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R13, R15: within a batch too."""
    await route(
        database_url, text_message(PHONE, "uno"), text_message(PHONE, "dos", from_user_id=USER)
    )

    assert await database.fetchval("SELECT count(*) FROM contacts") == 1
    assert len(await tickets(database)) == 1


async def test_a_name_is_the_newest_by_whatsapps_second_in_whatever_order_they_come(
    database_url: str, database: asyncpg.Connection
) -> None:
    for name, age in (("nueva", 10), ("vieja", 20)):
        contact = {"wa_id": PHONE, "profile": {"name": name}}
        message = text_message(PHONE, "x", at=seconds_ago(age))
        await route(database_url, message, contacts=[contact])

    assert await database.fetchval("SELECT profile_name FROM contacts") == "nueva"


async def test_two_user_ids_that_show_one_phone_are_two_people_in_one_batch_and_in_two(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R13: the phone follows the newcomer; a contact never gathers the ids of two people."""
    await route(
        database_url,
        text_message(PHONE, "de nadie"),
        text_message(PHONE, "Ana", from_user_id="ES.111"),
        text_message(PHONE, "Luis", from_user_id="ES.222"),
    )
    await route(database_url, text_message(PHONE, "Eva", from_user_id="ES.333"))

    owners = await database.fetch(
        "SELECT count(*) AS ids FROM contact_addresses WHERE kind = 'user_id' GROUP BY contact_id"
    )
    assert [row["ids"] for row in owners] == [1, 1, 1]
