"""Files of agents on their way to WhatsApp: uploaded once, sent by id, and in nobody's way."""

import signal
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from tests import media_files, sendable_files
from tests.answering import answer_with_files
from tests.eventually import eventually
from tests.routing import route
from tests.system import System
from tests.webhooks import text_message

PHONE, OTHER = "34600111222", "34600999888"
PDF, PNG = media_files.small_pdf(), sendable_files.small_png()

PAUSE = """
UPDATE channel SET throttled_at = now(), throttles = 1, throttled_share = 1,
                   paused_until = now() + interval '1 hour'
"""
GO_ON = "UPDATE channel SET paused_until = now()"
END_CLAIMS = "UPDATE uploads SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL"


@pytest.fixture
async def sending(system: System) -> System:
    """Run what sends; the citizens' messages are routed by the tests."""
    system.environment["UNKNOWN_RESEND_SECONDS"] = "1"
    await system.start_all(ticket_router=0, media_validator=0)
    return system


async def open_ticket(system: System, phone: str = PHONE) -> str:
    await route(system.database_url, text_message(phone, "Hola"))
    return str((await system.tickets(q=phone))[0]["number"])


async def send(system: System, number: str, *files: tuple[str, bytes]) -> int:
    status, message = await answer_with_files(system, number, *files)
    assert status == 202, message
    return int(message["id"])


async def answered(system: System, phone: str = PHONE) -> list[dict[str, Any]]:
    """Give what came to a phone after the opening message."""
    return (await system.phone(phone))[1:]


def uploads(system: System) -> int:
    return len(system.events("simulator.media_uploaded"))


def all_is_sent(database: asyncpg.Connection) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        assert await database.fetchval("SELECT count(*) FROM outbox") == 0

    return check


def all_is_uploaded(database: asyncpg.Connection) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        assert await database.fetchval("SELECT bool_and(media_id IS NOT NULL) FROM uploads")

    return check


def has_begun(database: asyncpg.Connection, attempts: int = 1) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        assert await database.fetchval("SELECT max(attempts) FROM uploads") == attempts

    return check


async def delivery(system: System, number: str, message_id: int) -> Any:
    return {m["id"]: m["delivery"] for m in await system.messages(number)}[message_id]


async def test_files_and_words_arrive_in_order_and_byte_for_byte(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    await sending.desk("POST", f"/tickets/{number}/messages", {"text": "antes"})
    await answer_with_files(sending, number, ("Impreso nº 1.pdf", PDF), text="Su impreso")
    await answer_with_files(
        sending, number, ("voz.mp3", sendable_files.small_mp3()), ("foto.png", PNG), text="Y esto"
    )
    await sending.desk("POST", f"/tickets/{number}/messages", {"text": "después"})

    await eventually(all_is_sent(database))

    messages = await answered(sending)
    assert [(one["type"], one["text"], one["filename"]) for one in messages] == [
        ("text", "antes", None), ("document", "Su impreso", "Impreso nº 1.pdf"),
        ("text", "Y esto", None), ("audio", None, None), ("image", None, None),
        ("text", "después", None),
    ]  # fmt: skip
    bodies = [await content(sending, one["media_id"]) for one in messages if one["media_id"]]
    assert bodies == [PDF, sendable_files.small_mp3(), PNG]
    assert [one["mime_type"] for one in messages if one["media_id"]] == [
        "application/pdf", "audio/mpeg", "image/png",
    ]  # fmt: skip
    assert uploads(sending) == 3


async def content(system: System, media_id: str) -> bytes:
    async with system.http.get(f"{system.simulator_url}/media/{media_id}") as answer:
        assert answer.status == 200
        return await answer.read()


async def test_a_file_whose_send_got_lost_is_sent_again_and_not_uploaded_again(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    await eventually(all_is_sent(database))
    await sending.behave(refuse_connections=1, fail_next=[{"code": 131016, "times": 1}])
    await send(sending, number, ("a.pdf", PDF))

    await eventually(all_is_sent(database))

    assert [one["type"] for one in await answered(sending)] == ["document"]
    assert len(sending.events("send.unknown")) == len(sending.events("send.retry")) == 1
    assert uploads(sending) == 1


async def test_an_upload_whose_answer_got_lost_is_done_again(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    await sending.behave(lose_upload_next=1)
    await send(sending, number, ("a.pdf", PDF))

    await eventually(all_is_sent(database))

    assert [one["type"] for one in await answered(sending)] == ["document"]
    assert uploads(sending) == 2
    assert sending.events("send.unknown") == []


@pytest.mark.parametrize("code", [131016, 190, 130429, 131000])
async def test_an_upload_that_is_refused_for_now_waits_and_stops_nothing_else(
    sending: System, database: asyncpg.Connection, code: int
) -> None:
    number, other = await open_ticket(sending), await open_ticket(sending, OTHER)
    await sending.behave(fail_uploads=[{"code": code, "times": 1}])
    await send(sending, number, ("a.pdf", PDF))

    async def refused() -> None:
        assert [line["code"] for line in sending.events("upload.retry")] == [code]

    await eventually(refused)
    await sending.desk("POST", f"/tickets/{other}/messages", {"text": "de otro"})
    await database.execute(END_CLAIMS)

    await eventually(all_is_sent(database))
    assert [one["type"] for one in await answered(sending)] == ["document"]
    assert [one["text"] for one in await answered(sending, OTHER)] == ["de otro"]


async def test_a_file_that_whatsapp_never_takes_fails_its_message_and_the_next_one_goes(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    await sending.behave(fail_uploads=[{"code": 131053, "times": 1}])
    failed = await send(sending, number, ("a.pdf", PDF), ("b.png", PNG))

    await eventually(all_is_sent(database))

    assert await delivery(sending, number, failed) == "failed"
    assert [one["type"] for one in await answered(sending)] == ["image"]
    (line,) = sending.events("upload.failed")
    assert (line["message_id"], line["code"]) == (failed, 131053)


async def test_a_large_upload_holds_up_its_own_contact_alone(
    sending: System, database: asyncpg.Connection
) -> None:
    """R17: nor is its message ever unknown, however long the upload takes."""
    number, other = await open_ticket(sending), await open_ticket(sending, OTHER)
    await eventually(all_is_sent(database))
    await sending.behave(uploads_paused=True)
    waiting = await send(sending, number, ("a.pdf", PDF), ("b.pdf", PDF))
    await sending.desk("POST", f"/tickets/{number}/messages", {"text": "detrás"})
    await eventually(has_begun(database))

    await sending.desk("POST", f"/tickets/{other}/messages", {"text": "de otro"})

    async def other_has_it() -> None:
        assert [one["text"] for one in await answered(sending, OTHER)] == ["de otro"]

    await eventually(other_has_it)
    assert uploads(sending) == 0
    assert await delivery(sending, number, waiting) == "pending"
    assert await database.fetchval("SELECT count(*) FROM uploads WHERE attempts > 0") == 1
    await sending.behave(uploads_paused=False)
    await eventually(all_is_sent(database))
    types = [one["type"] for one in await answered(sending)]
    assert types == ["document", "document", "text"]
    assert sending.events("send.unknown") == []


async def test_a_sender_that_is_killed_while_it_uploads_leaves_nothing_unknown(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    await eventually(all_is_sent(database))
    await sending.behave(uploads_paused=True)
    message = await send(sending, number, ("a.pdf", PDF))
    await eventually(has_begun(database))
    sending.of("sender")[0].process.kill()
    await sending.behave(uploads_paused=False)
    await database.execute(END_CLAIMS)

    await sending.start("sender")
    await eventually(all_is_sent(database))

    assert [one["type"] for one in await answered(sending)] == ["document"]
    assert sending.events("send.unknown") == sending.events("send.lease_over") == []
    assert await delivery(sending, number, message) in {"pending", "sent", "delivered"}


async def test_a_sender_that_is_killed_between_upload_and_send_need_not_upload_again(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    await eventually(all_is_sent(database))
    await database.execute(PAUSE)
    await send(sending, number, ("a.pdf", PDF))
    await eventually(all_is_uploaded(database))
    sending.of("sender")[0].process.kill()
    await database.execute(GO_ON)

    await sending.start("sender")
    await eventually(all_is_sent(database))

    assert [one["type"] for one in await answered(sending)] == ["document"]
    assert uploads(sending) == 1


async def test_a_sender_that_is_killed_while_it_sends_a_file_does_as_with_a_text(
    sending: System, database: asyncpg.Connection
) -> None:
    """R17: whether it went is unknown, a status settles it, and it is not sent again."""
    number = await open_ticket(sending)
    await eventually(all_is_sent(database))
    await database.execute(PAUSE)
    await send(sending, number, ("a.pdf", PDF))
    await eventually(all_is_uploaded(database))
    await sending.behave(delay_seconds=30, status_before_answer=True)
    await database.execute(GO_ON)

    async def accepted() -> None:
        assert len(await answered(sending)) == 1

    await eventually(accepted)
    sending.of("sender")[0].process.kill()
    await sending.behave(delay_seconds=0)
    await database.execute("UPDATE outbox SET lease_until = now() WHERE state = 'sending'")
    await eventually(all_is_sent(database))
    await sending.start("sender")
    assert [one["type"] for one in await answered(sending)] == ["document"]
    assert uploads(sending) == 1


async def test_a_sender_that_is_asked_to_stop_gives_its_upload_back(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    await eventually(all_is_sent(database))
    await sending.behave(uploads_paused=True)
    await send(sending, number, ("a.pdf", PDF))
    await eventually(has_begun(database))
    sender = sending.of("sender")[0]

    sender.signal(signal.SIGTERM)

    assert await sender.process.wait() == 0
    assert len(sender.events("upload.released")) == 1
    assert await database.fetchval("SELECT next_attempt_at <= clock_timestamp() FROM uploads")


@pytest.mark.parametrize("reason", ["unknown", "too old"])
async def test_what_whatsapp_has_no_more_is_uploaded_anew(
    sending: System, database: asyncpg.Connection, reason: str
) -> None:
    number = await open_ticket(sending)
    await eventually(all_is_sent(database))
    await database.execute(PAUSE)
    await send(sending, number, ("a.pdf", PDF))
    await eventually(all_is_uploaded(database))
    if reason == "unknown":
        await sending.forget_media()
    else:
        await database.execute("UPDATE uploads SET uploaded_at = now() - interval '29 days'")
    await database.execute(GO_ON)

    await eventually(all_is_sent(database))

    assert [one["type"] for one in await answered(sending)] == ["document"]
    assert uploads(sending) == 2
    assert len(sending.events("upload.anew")) == 1
    assert await database.fetchval("SELECT renewals FROM uploads") == (reason == "unknown")


async def test_whatsapp_is_believed_once_that_it_does_not_know_a_file(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    await eventually(all_is_sent(database))
    await sending.behave(fail_next=[{"code": 131053, "times": 2}])
    message = await send(sending, number, ("a.pdf", PDF))

    await eventually(all_is_sent(database))

    assert await delivery(sending, number, message) == "failed"
    assert uploads(sending) == 2


async def test_a_file_whose_window_is_over_is_not_uploaded_and_says_so(
    sending: System, database: asyncpg.Connection
) -> None:
    """R16: the sender was away for longer than the window lasted."""
    number = await open_ticket(sending)
    await eventually(all_is_sent(database))
    sender = sending.of("sender")[0]
    sender.signal(signal.SIGTERM)
    await sender.process.wait()
    message = await send(sending, number, ("a.pdf", PDF))
    await database.execute("UPDATE contacts SET last_inbound_at = now() - interval '25 hours'")

    await sending.start("sender")
    await eventually(all_is_sent(database))

    assert await delivery(sending, number, message) == "undeliverable"
    assert uploads(sending) == 0
    assert await answered(sending) == []


async def test_a_store_that_is_away_makes_a_file_wait(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    await eventually(all_is_sent(database))
    await sending.behave(media_away=True)
    await send(sending, number, ("a.pdf", PDF))
    elsewhere = sending.media_folder.with_name("elsewhere")
    sending.media_folder.rename(elsewhere)
    await sending.behave(media_away=False)

    async def tried() -> None:
        assert len(sending.events("upload.retry")) >= 2

    await database.execute(END_CLAIMS)
    await eventually(tried)
    sending.media_folder.rmdir()
    elsewhere.rename(sending.media_folder)
    await database.execute(END_CLAIMS)

    await eventually(all_is_sent(database))
    assert [one["type"] for one in await answered(sending)] == ["document"]


async def test_two_senders_upload_each_file_once(
    system: System, database: asyncpg.Connection
) -> None:
    await system.start_all(ticket_router=0, media_validator=0, sender=3)
    phones = [f"3460022{place:04}" for place in range(12)]
    numbers = [await open_ticket(system, phone) for phone in phones]
    for number in numbers:
        await send(system, number, ("a.pdf", PDF))

    await eventually(all_is_sent(database))

    assert uploads(system) == len(phones)
    for phone in phones:
        assert [one["type"] for one in await answered(system, phone)] == ["document"]
