"""What ingress answers, and what is in RabbitMQ afterwards."""

import asyncio
import io
import json
from typing import Any

import aio_pika
import pytest

from shared.events import ItemReceived, MessageReceived, StatusReceived, decode_event, open_envelope
from tests.eventually import eventually
from tests.system import System
from tests.webhooks import signed, text_message, webhook_of

PHONE = "34600111222"


@pytest.fixture
async def ingress(system: System) -> System:
    """Run ingress alone: what it publishes stays in the queues."""
    process = await system.start("ingress")
    system.ingress_urls = [f"http://127.0.0.1:{process.port}"]
    return system


async def post(
    system: System, body: bytes | dict[str, Any], headers: dict[str, str] | None = None
) -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = f"{system.ingress_urls[0]}/webhook"
    sent = signed(raw) if headers is None else headers
    async with system.http.post(url, data=io.BytesIO(raw), headers=sent) as answer:
        assert "Traceback" not in await answer.text()
        return answer.status


async def published(system: System, queue: str) -> list[Any]:
    """Take everything out of a queue."""
    events: list[Any] = []
    async with await aio_pika.connect(system.amqp_url) as connection:
        channel = await connection.channel()
        declared = await channel.get_queue(queue, ensure=False)
        while message := await declared.get(no_ack=True, fail=False):
            events += [decode_event(one) for one in open_envelope(message.body)]
    return events


async def test_a_webhook_is_answered_200_when_its_events_are_in_the_queues(
    ingress: System,
) -> None:
    status = {"id": "wamid.out", "status": "sent", "timestamp": "1795000000"}
    body = webhook_of(text_message(PHONE, "uno"), text_message(PHONE, "dos"), statuses=[status])

    assert await post(ingress, body) == 200

    messages = await published(ingress, "ticket_router")
    assert [type(event) for event in messages] == [MessageReceived, MessageReceived]
    assert len({event.item_id for event in messages}) == 2
    assert all(len(event.trace_id) == 32 for event in messages)
    assert [type(e) for e in await published(ingress, "status_tracker")] == [StatusReceived]


async def test_a_batch_of_1000_items_with_ten_broken_in_ten_ways_is_taken_whole(
    ingress: System,
) -> None:
    broken: list[object] = [
        None, 7, "text", [], {}, {"id": 5}, {"id": "x", "timestamp": []},
        {"id": "\ud83d", "timestamp": "1"}, {"type": {"a": 1}}, {"id": "y" * 9000},
    ]  # fmt: skip
    good = [text_message(PHONE, f"mensaje {number}") for number in range(990)]

    assert await post(ingress, webhook_of(*good[:500], *broken, *good[500:])) == 200

    async def all_there() -> None:
        lengths = await ingress.queue_lengths()
        assert lengths["ticket_router"] >= 5

    await eventually(all_there)
    events = await published(ingress, "ticket_router")
    assert len(events) == 1000
    assert sum(b"mensaje" in event.raw for event in events) == 990


WRONG_SIGNATURES: tuple[dict[str, str], ...] = (
    {},
    {"X-Hub-Signature-256": ""},
    {"X-Hub-Signature-256": "sha256="},
    {"X-Hub-Signature-256": "sha1=" + "0" * 40},
    {"X-Hub-Signature-256": "sha256=" + "0" * 64},
    {"X-Hub-Signature-256": "sha256=" + "g" * 64},
)


async def test_a_wrong_signature_is_answered_401_and_publishes_nothing(ingress: System) -> None:
    for headers in WRONG_SIGNATURES:
        assert await post(ingress, webhook_of(text_message(PHONE, "hola")), headers) == 401

    assert await published(ingress, "ticket_router") == []
    lines = ingress.events("webhook.rejected")
    assert [line["status"] for line in lines] == [401] * len(WRONG_SIGNATURES)
    assert "sha256" not in json.dumps(lines)


async def test_any_of_the_secrets_may_sign_while_one_is_being_rotated(system: System) -> None:
    secrets = {"WHATSAPP_APP_SECRET": "old-secret, new-secret"}
    process = await system.start("ingress", environment=secrets)
    system.ingress_urls = [f"http://127.0.0.1:{process.port}"]
    body = json.dumps(webhook_of(text_message(PHONE, "hola"))).encode()

    answers = [await post(system, body, signed(body, key)) for key in ("old-secret", "new-secret")]

    assert answers == [200, 200]
    assert await post(system, body, signed(body, "another")) == 401


NOT_UNDERSTOOD = (
    b"", b"{", b"null", b"[]", b"{}", b'"text"', b"\xff\xfe", b"[" * 50_000,
    b'{"entry": 5}', b'{"entry": [null]}', b'{"entry": [{"changes": "x"}]}',
    b'{"entry": [{"changes": [{"field": "messages"}]}]}',
    b'{"entry": [{"changes": [{"field": "account_update", "value": {"event": "X"}}]}]}',
    b'{"entry": [{"changes": [{"field": 7, "value": {"messages": [{}]}}]}]}',
)  # fmt: skip


async def test_a_signed_body_that_is_not_understood_is_200_and_recorded_as_it_came(
    ingress: System,
) -> None:
    for body in NOT_UNDERSTOOD:
        assert await post(ingress, body) == 200, body[:50]

        (event,) = await published(ingress, "ticket_router")
        assert isinstance(event, ItemReceived)
        assert event.raw or body == b""


async def test_three_megabytes_are_taken_and_more_than_four_are_413(ingress: System) -> None:
    message = text_message(PHONE, "x" * 3_000_000)

    assert await post(ingress, webhook_of(message)) == 200
    assert await post(ingress, b"x" * (4 * 1024 * 1024 + 1)) == 413
    (line,) = ingress.events("request.refused")
    assert line["status"] == 413


async def test_other_paths_and_methods_are_refused_with_one_log_line(ingress: System) -> None:
    base = ingress.ingress_urls[0]
    async with ingress.http.get(f"{base}/nowhere") as answer:
        assert answer.status == 404
    async with ingress.http.delete(f"{base}/webhook") as answer:
        assert answer.status == 405
    assert [line["status"] for line in ingress.events("request.refused")] == [404, 405]


VERIFICATIONS = {
    "hub.mode=subscribe&hub.challenge=4711&hub.verify_token=test-verify-token": 200,
    "hub.mode=subscribe&hub.challenge=4711&hub.verify_token=wrong": 403,
    "hub.mode=unsubscribe&hub.challenge=4711&hub.verify_token=test-verify-token": 403,
    "hub.mode=subscribe&hub.verify_token=test-verify-token": 403,
    "": 403,
}


async def test_the_verification_is_answered_with_the_bare_challenge_or_403(
    ingress: System,
) -> None:
    for query, status in VERIFICATIONS.items():
        async with ingress.http.get(f"{ingress.ingress_urls[0]}/webhook?{query}") as answer:
            assert answer.status == status
            assert answer.content_type == "text/plain"
            assert (await answer.text() == "4711") == (status == 200)


async def test_without_rabbitmq_ingress_answers_503_and_is_not_ready(system: System) -> None:
    process = await system.start(
        "ingress", environment={"AMQP_URL": "amqp://127.0.0.1:9/"}, wait=False
    )
    system.ingress_urls = [f"http://127.0.0.1:{process.port}"]

    async def answers() -> None:
        assert await post(system, webhook_of(text_message(PHONE, "hola"))) == 503

    await eventually(answers)
    status, body = await system.health(process)
    assert (status, list(body["trouble"])) == (503, ["amqp publish"])


async def test_a_queue_that_is_full_makes_503_and_nothing_is_lost(ingress: System) -> None:
    """The refusal by RabbitMQ (`basic.nack`) is the check of the confirm."""
    policy = {"pattern": "^ticket_router$", "definition": {"max-length": 1}, "apply-to": "queues"}
    vhost = ingress.amqp_url.rpartition("/")[2]
    await ingress.management.call("PUT", f"policies/{vhost}/full", policy)

    async def refuses() -> None:
        assert await post(ingress, webhook_of(text_message(PHONE, "hola"))) == 503

    await eventually(refuses)


async def test_what_is_under_way_at_sigterm_is_answered(ingress: System) -> None:
    """SIGTERM: no new work is started, running work ends, exit 0."""
    posts = [
        asyncio.create_task(post(ingress, webhook_of(text_message(PHONE, f"{number}"))))
        for number in range(50)
    ]
    await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
    process = ingress.of("ingress")[0]
    process.process.terminate()

    done = await asyncio.gather(*posts, return_exceptions=True)

    assert await process.process.wait() == 0
    accepted = sum(answer == 200 for answer in done)
    assert accepted >= 1
    assert len(await published(ingress, "ticket_router")) >= accepted
