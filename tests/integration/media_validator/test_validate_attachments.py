"""Many files at once: a bounded number, held by leases that are renewed, given back at the end."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from uuid_utils.compat import uuid7

from deploy.local.sample_files import make_pdf
from services.media_validator import validate_attachments
from services.media_validator.accept_media import accept_media
from services.media_validator.claim_attachment import (
    LEASE,
    Claim,
    claim_attachment,
    renew_claims,
)
from services.media_validator.validate_attachments import FILES_AT_ONCE, ValidateAttachments
from shared.broker.publish import Publisher
from shared.broker.publish_attachments import publish_attachments
from shared.errors import NeverWorksError, OutsideAwayError
from shared.events import AttachmentReceived
from shared.service import Service
from shared.tickets.announce_bytes import announce_bytes
from shared.whatsapp.fetch_media import Fetched
from tests.eventually import eventually
from tests.integration.media_validator.conftest import Validating
from tests.webhooks import events_of, text_message, webhook_of


class Gate:
    """A validation that waits until it is let through."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.inside: list[Claim] = []

    async def __call__(self, claim: Claim) -> None:
        self.inside.append(claim)
        await self.open.wait()


def hints(*attachment_ids: int) -> list[AttachmentReceived]:
    return [AttachmentReceived(uuid7(), one) for one in attachment_ids]


async def test_a_worker_takes_only_so_many_files_at_once(validating: Validating) -> None:
    ids = [await validating.send() for _ in range(FILES_AT_ONCE + 1)]
    gate = Gate()
    files = ValidateAttachments(validating.pool, gate, Service())

    await files.take(hints(*ids[:-1]))
    waiting = asyncio.create_task(files.take(hints(ids[-1])))

    async def all_are_inside(count: int) -> None:
        assert len(gate.inside) == count

    await eventually(lambda: all_are_inside(FILES_AT_ONCE))
    assert not waiting.done()
    assert (await validating.row(ids[-1]))["attempts"] == 0, "it is not even claimed"
    gate.open.set()
    await waiting
    await eventually(lambda: all_are_inside(FILES_AT_ONCE + 1))
    await files.drain()


async def test_one_slow_file_holds_up_no_other(validating: Validating) -> None:
    """The first download never ends; the files behind it are accepted meanwhile."""
    begun = asyncio.Event()

    async def give(request: web.Request) -> web.StreamResponse:
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()
        return web.Response(body=make_pdf().content)

    validating.meta.bytes_answer = give
    ids = [await validating.send() for _ in range(10)]
    files = ValidateAttachments(validating.pool, validating.validate, Service())
    await files.take(hints(ids[0]))
    await begun.wait()

    await files.take(hints(*ids[1:]))

    async def all_others_are_accepted() -> None:
        rows = await validating.database.fetch(
            "SELECT id FROM attachments WHERE state <> 'pending'"
        )
        assert {row["id"] for row in rows} == set(ids[1:])

    await eventually(all_others_are_accepted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validate_attachments, "DRAIN_SECONDS", 0.1)
        await files.drain()


async def test_the_same_hint_again_begins_nothing(validating: Validating) -> None:
    """R14: RabbitMQ may deliver twice, the scheduler may hint what is under way."""
    attachment = await validating.send()
    gate = Gate()
    files = ValidateAttachments(validating.pool, gate, Service())

    for _ in range(3):
        await files.take(hints(attachment))
    await files.take(hints(4711))

    await asyncio.sleep(0)
    assert len(gate.inside) == 1
    gate.open.set()
    await files.drain()


async def test_while_the_process_ends_nothing_is_begun(validating: Validating) -> None:
    service = Service()
    service.stopping.set()
    files = ValidateAttachments(validating.pool, Gate(), service)

    with pytest.raises(OutsideAwayError):
        await files.take(hints(await validating.send()))

    assert await validating.database.fetchval("SELECT max(attempts) FROM attachments") == 0


async def test_what_does_not_end_in_time_is_given_back_at_once(
    validating: Validating, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate_attachments, "DRAIN_SECONDS", 0.1)
    attachment = await validating.send()
    files = ValidateAttachments(validating.pool, Gate(), Service())
    await files.take(hints(attachment))

    await files.drain()

    row = await validating.row(attachment)
    assert (row["state"], row["lease_until"]) == ("pending", None)
    assert row["wait"] <= timedelta(0), "due at once"


async def test_only_the_claim_that_holds_is_renewed(validating: Validating) -> None:
    attachment = await validating.send()
    first = await claim_attachment(validating.pool, attachment)
    assert first is not None
    shorten = "UPDATE attachments SET lease_until = clock_timestamp() + interval '1 second'"
    await validating.database.execute(shorten)

    await renew_claims(validating.pool, [first])

    row = await validating.row(attachment)
    assert row["wait"] > LEASE / 2
    assert abs(row["lease_until"] - row["next_attempt_at"]) < timedelta(seconds=1)

    await validating.database.execute(shorten + ", attempts = attempts + 1")
    before = (await validating.row(attachment))["lease_until"]
    await renew_claims(validating.pool, [first])
    assert (await validating.row(attachment))["lease_until"] == before, "it is another worker's"


async def test_what_is_being_worked_on_is_held_beyond_its_lease(
    validating: Validating, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate_attachments, "RENEW_SECONDS", 0.05)
    attachment = await validating.send()
    gate = Gate()
    files = ValidateAttachments(validating.pool, gate, Service())
    await files.take(hints(attachment))
    await validating.database.execute(
        "UPDATE attachments SET lease_until = now(), next_attempt_at = now()"
    )
    holding = asyncio.create_task(files.hold_claims())

    async def renewed() -> None:
        assert (await validating.row(attachment))["wait"] > LEASE / 2

    await eventually(renewed)
    holding.cancel()
    gate.open.set()
    await files.drain()


async def test_an_acceptance_whose_answer_was_lost_can_be_repeated(validating: Validating) -> None:
    """Else the second time would drop the bytes of an accepted file."""
    attachment = await validating.send()
    claim = await claim_attachment(validating.pool, attachment)
    assert claim is not None
    fetched = Fetched(Path("anywhere"), 3, "ab" * 32)
    one, other = await announce_bytes(validating.pool, 2)

    answers = [
        await accept_media(validating.pool, claim, fetched, "pdf", key, 1.0)
        for key in (one, one, other)
    ]

    assert answers == [True, True, False]
    assert (await validating.row(attachment))["storage_key"] == one
    unnamed = await validating.database.fetch("SELECT bytes_key FROM unnamed_bytes")
    assert [row["bytes_key"] for row in unnamed] == [other], "nobody has the other one's bytes"


async def test_a_hint_that_rabbitmq_does_not_take_is_only_said() -> None:
    """The messages are committed: they must not be routed again for it."""
    publisher = Publisher("amqp://guest:guest@127.0.0.1:1/", Service())

    await publish_attachments(publisher, hints(1, 2))


async def test_an_event_of_another_queue_is_no_attachment(validating: Validating) -> None:
    files = ValidateAttachments(validating.pool, Gate(), Service())
    (event,) = events_of(webhook_of(text_message("34600111222", "Hola")))

    with pytest.raises(NeverWorksError):
        await files.take([event])
