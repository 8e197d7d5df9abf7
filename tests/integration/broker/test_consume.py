"""The consumer on a real queue: batches, poison, redeliveries, losses."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage

from shared.broker import bury, consume, settle
from shared.broker.topology import COLLECT, PREFETCH, TICKET_ROUTER
from shared.errors import NeverWorksError, OutsideAwayError
from shared.events import MAX_EVENTS, encode_event, seal_envelope
from tests.eventually import eventually
from tests.faults.envelopes import (
    channel_to,
    dead_letters,
    envelope_of,
    event_of,
    events_in,
    publish,
)
from tests.integration.broker.conftest import (
    Lines,
    Worker,
    everything_delivered,
    text_of,
    working,
)
from tests.servers import Management, TestServers

PHONE = "34600111222"


def envelope(*texts: str) -> bytes:
    return envelope_of(event_of(PHONE, text) for text in texts)


def names(count: int, word: str = "m") -> list[str]:
    return sorted(f"{word}{number:03d}" for number in range(count))


def fails_on(word: str, error: Exception) -> Callable[[list[str]], None]:
    def fault(texts: list[str]) -> None:
        if any(word in text for text in texts):
            raise error

    return fault


async def give_back(amqp_url: str, times: int, count: int = 1) -> None:
    """Take so many deliveries and lose the channel, as a worker does that is killed."""
    for _ in range(times):
        async with channel_to(amqp_url) as channel:
            queue = await channel.get_queue(TICKET_ROUTER, ensure=False)
            for _ in range(count):
                await eventually(lambda: queue.get(no_ack=False))  # noqa: B023


async def expect_handled(worker: Worker, texts: list[str], *, within: float = 15.0) -> None:
    async def handled() -> None:
        assert worker.handled == sorted(texts)

    await eventually(handled, within=within)


async def expect_empty(amqp_url: str) -> None:
    """Wait until nothing waits in the queue, and nothing is unacknowledged."""

    async def empty() -> None:
        async with channel_to(amqp_url) as channel:
            queue = await channel.declare_queue(TICKET_ROUTER, passive=True)
            assert queue.declaration_result.message_count == 0

    await eventually(empty)


async def letters_by_text(amqp_url: str) -> dict[str, AbstractIncomingMessage]:
    letters = await dead_letters(amqp_url)
    return {text_of(event): letter for letter in letters for event in events_in(letter)}


async def test_what_waits_is_handled_in_merged_batches(worker: Worker) -> None:
    def hold_what_follows(texts: list[str]) -> None:
        if not worker.batches:
            worker.may_go_on.clear()

    worker.fault = hold_what_follows
    await publish(worker.amqp_url, [envelope(text) for text in names(61)])
    async with working(worker):
        await everything_delivered(worker)
        worker.may_go_on.set()
        await expect_handled(worker, names(61))
        await expect_empty(worker.amqp_url)

    assert len(worker.batches[0]) == 1  # one at a time until a fresh one has committed
    assert max(map(len, worker.batches)) > 10


async def test_a_worker_that_begins_holds_one_delivery_until_it_has_committed(
    worker: Worker,
) -> None:
    """Whatever kills it then has no neighbours there."""
    await publish(worker.amqp_url, [envelope(text) for text in names(5)])
    worker.may_go_on.clear()
    async with working(worker), channel_to(worker.amqp_url) as channel:
        await worker.handling.wait()

        queue = await channel.declare_queue(TICKET_ROUTER, passive=True)
        assert queue.declaration_result.message_count == 4, "they are still there for others"


@pytest.mark.parametrize(
    ("seconds", "count"), [(3.0, 3), (60.0, PREFETCH[TICKET_ROUTER])], ids=["time", "full hands"]
)
async def test_what_comes_one_by_one_is_collected_for_a_time_or_until_the_hands_are_full(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, seconds: float, count: int
) -> None:
    monkeypatch.setitem(COLLECT, TICKET_ROUTER, seconds)
    async with working(worker):
        await publish(worker.amqp_url, [envelope("first")])
        await expect_handled(worker, ["first"])
        *some, last = names(count)
        await publish(worker.amqp_url, [envelope(text) for text in some])
        await publish(worker.amqp_url, [envelope(last)])
        await expect_handled(worker, ["first", *names(count)])

    assert worker.batches == [["first"], names(count)]


async def test_a_batch_is_never_larger_than_an_envelope_may_be(worker: Worker) -> None:
    texts = names(600)
    worker.may_go_on.clear()
    await publish(
        worker.amqp_url, [envelope(*texts[start : start + 60]) for start in range(0, 600, 60)]
    )
    async with working(worker):
        await worker.handling.wait()
        worker.may_go_on.set()
        await expect_handled(worker, texts)

    assert max(map(len, worker.batches)) <= MAX_EVENTS


async def test_poison_is_buried_alone_while_its_neighbours_commit(worker: Worker) -> None:
    worker.fault = fails_on("poison", ValueError("what the text said"))
    texts = names(50)
    texts[13], texts[37] = "poison1", "poison2"
    await publish(worker.amqp_url, [envelope(*texts)])
    async with working(worker):
        await expect_handled(worker, [text for text in texts if "poison" not in text])
        await expect_empty(worker.amqp_url)

    letters = await letters_by_text(worker.amqp_url)
    assert sorted(letters) == ["poison1", "poison2"]
    for letter in letters.values():
        assert letter.headers["x-reason"] == "ValueError"
        assert letter.headers["x-origin"] == TICKET_ROUTER
        assert letter.headers["x-delivered"] == 1
        assert "in fault\n" in str(letter.headers["x-traceback"])
        assert letter.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert sorted(worker.dead) == [("poison1", "ValueError"), ("poison2", "ValueError")]


async def test_a_burial_is_written_down_once_the_database_is_there_again(worker: Worker) -> None:
    worker.fault = fails_on("poison", ValueError())
    worker.burials_to_refuse = [OutsideAwayError(), OutsideAwayError()]
    await publish(worker.amqp_url, [envelope("poison1"), envelope("m2")])
    async with working(worker):
        await expect_handled(worker, ["m2"])
        await expect_empty(worker.amqp_url)

    assert worker.dead == [("poison1", "ValueError")]
    assert list(await letters_by_text(worker.amqp_url)) == ["poison1"]


async def test_a_burial_that_the_database_refuses_is_said_and_holds_nobody_up(
    worker: Worker, lines: Lines
) -> None:
    worker.fault = fails_on("poison", ValueError())
    worker.burials_to_refuse = [NeverWorksError()]
    await publish(worker.amqp_url, [envelope("poison1"), envelope("m2")])
    async with working(worker):
        await expect_handled(worker, ["m2"])
        await expect_empty(worker.amqp_url)

    assert len(lines.of("event.not_recorded")) == 1
    assert list(await letters_by_text(worker.amqp_url)) == ["poison1"]


async def test_when_every_event_fails_the_worker_stops_and_is_not_ready(
    worker: Worker, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consume, "SUSPEND_SECONDS", 0.5)
    worker.fault = fails_on("m", ValueError())
    await publish(worker.amqp_url, [envelope(text) for text in names(40)])
    async with working(worker):

        async def suspended() -> None:
            assert lines.of("worker.suspended")
            assert f"events of {TICKET_ROUTER}" in worker.service.health.trouble

        await eventually(suspended)
        worker.fault = None

        async def the_rest_is_handled() -> None:
            # What is buried already may come again with its batch; the ledger then says so.
            assert {*worker.handled, *(text for text, _ in worker.dead)} == set(names(40))

        await eventually(the_rest_is_handled)
        await expect_empty(worker.amqp_url)
        assert worker.service.health.trouble == {}

    letters = await letters_by_text(worker.amqp_url)
    assert len(letters) == bury.MOST_FAILURES_IN_A_ROW - 1


async def test_poisoned_events_among_healthy_ones_are_not_ten_in_a_row(
    worker: Worker, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consume, "SUSPEND_SECONDS", 0.1)
    worker.fault = fails_on("poison", ValueError())
    texts = [f"{word}{n:03d}" for n in range(15) for word in ("m", "poison")]
    await publish(worker.amqp_url, [envelope(*texts)])
    async with working(worker):
        await expect_handled(worker, names(15))
        await expect_empty(worker.amqp_url)

    assert lines.of("worker.suspended") == []
    letters = await dead_letters(worker.amqp_url)
    assert sorted(text_of(one) for each in letters for one in events_in(each)) == names(
        15, "poison"
    )


async def test_what_cannot_be_read_is_buried_with_its_reason_and_harms_no_neighbour(
    worker: Worker,
) -> None:
    good = [encode_event(event_of(PHONE, text)) for text in ("antes", "después")]
    bodies = [
        b"\xff\x00 no JSON",
        b'{"events":7}',
        seal_envelope([good[0], b'{"type":"message_received"}', b"17", good[1]]),
    ]
    await publish(worker.amqp_url, bodies)
    async with working(worker):
        await expect_handled(worker, ["antes", "después"])
        await expect_empty(worker.amqp_url)

    letters = await dead_letters(worker.amqp_url)
    assert {letter.body: letter.headers["x-reason"] for letter in letters} == {
        bodies[0]: "the envelope cannot be read",
        bodies[1]: "the envelope cannot be read",
        seal_envelope([b'{"type":"message_received"}']): "the event cannot be read",
        seal_envelope([b"17"]): "the event cannot be read",
    }
    assert {letter.headers["x-origin"] for letter in letters} == {TICKET_ROUTER}


async def test_an_envelope_of_which_nothing_can_be_read_does_not_end_the_worker(
    worker: Worker,
) -> None:
    await publish(worker.amqp_url, [seal_envelope([b"17"]), envelope("después")])
    async with working(worker):
        await expect_handled(worker, ["después"])
        await expect_empty(worker.amqp_url)

    assert len(await dead_letters(worker.amqp_url)) == 1


async def test_events_of_a_newer_version_that_nobody_here_can_read_are_not_all_buried(
    worker: Worker, lines: Lines
) -> None:
    newer = b'{"type":"message_of_next_year"}'
    await publish(worker.amqp_url, [seal_envelope([newer, newer])] * 20)
    async with working(worker):

        async def suspended() -> None:
            assert lines.of("worker.suspended")

        await eventually(suspended, within=5)

    assert len(await dead_letters(worker.amqp_url)) < 10


async def test_what_was_delivered_before_is_handled_event_by_event(worker: Worker) -> None:
    await publish(worker.amqp_url, [envelope("m000", "m001"), envelope("m002", "m003")])
    await give_back(worker.amqp_url, times=1, count=2)
    async with working(worker):
        await expect_handled(worker, names(4))
        await expect_empty(worker.amqp_url)

    assert {len(batch) for batch in worker.batches} == {1}


async def test_what_was_delivered_more_than_twice_is_taken_apart(
    worker: Worker, lines: Lines
) -> None:
    await publish(worker.amqp_url, [envelope(*names(5))])
    await give_back(worker.amqp_url, times=2)
    async with working(worker):
        await expect_handled(worker, names(5))
        await expect_empty(worker.amqp_url)

    (line,) = lines.of("envelope.taken_apart")
    assert (line["events"], line["delivery_count"]) == (5, 2)


async def test_what_is_taken_apart_is_held_while_it_cannot_be_published(
    worker: Worker, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that lost its channel for it spent an event's twenty deliveries in a second."""
    publish_alone, failures = worker.publisher.publish_alone, [OutsideAwayError()] * 3

    async def publish_later(queue: str, body: bytes) -> None:
        if failures:
            raise failures.pop()
        await publish_alone(queue, body)

    monkeypatch.setattr(worker.publisher, "publish_alone", publish_later)
    await publish(worker.amqp_url, [envelope(*names(5))])
    await give_back(worker.amqp_url, times=2)
    async with working(worker):
        await expect_handled(worker, names(5))
        await expect_empty(worker.amqp_url)

    assert len(lines.of("envelope.taken_apart")) == 1
    assert lines.of("amqp.lost") == []


async def test_whoever_shares_an_envelope_with_a_killer_is_not_buried_with_it(
    worker: Worker,
) -> None:
    await publish(worker.amqp_url, [envelope("killer", "m000", "m001")])
    await give_back(worker.amqp_url, times=4)
    worker.attempts["killer"] = consume.MOST_ATTEMPTS
    async with working(worker):

        async def the_others_are_handled() -> None:
            assert {"m000", "m001"} <= set(worker.handled)

        await eventually(the_others_are_handled)


async def test_what_its_workers_never_survived_is_buried_untried(worker: Worker) -> None:
    await publish(worker.amqp_url, [envelope("killer")])
    await give_back(worker.amqp_url, times=4)
    await publish(worker.amqp_url, [envelope("m000")])
    worker.attempts["killer"] = consume.MOST_ATTEMPTS
    async with working(worker):
        await expect_handled(worker, ["m000"])
        await expect_empty(worker.amqp_url)

    (letter,) = (await letters_by_text(worker.amqp_url)).values()
    assert letter.headers["x-reason"] == "its workers did not survive it"
    assert letter.headers["x-delivered"] == 5


async def test_what_only_stood_beside_a_killer_is_tried_however_often_it_came(
    worker: Worker,
) -> None:
    """Every kill counts against all that its worker held; the row counts what was in its hands."""
    await publish(worker.amqp_url, [envelope("m000")])
    await give_back(worker.amqp_url, times=12)
    async with working(worker):
        await expect_handled(worker, ["m000"])

    assert await dead_letters(worker.amqp_url) == []


async def test_what_is_held_too_long_goes_back_as_new_and_is_never_buried(
    worker: Worker, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "HOLD_SECONDS", -1.0)
    worker.fault = fails_on("m", OutsideAwayError("a column is missing"))
    await publish(worker.amqp_url, [envelope(text) for text in names(5)])
    async with working(worker):

        async def given_back_often() -> None:
            assert len(lines.of("worker.gave_back")) > 25  # beyond every limit of deliveries

        await eventually(given_back_often)
        worker.fault = None
        await expect_handled(worker, names(5))
        await expect_empty(worker.amqp_url)

    assert await dead_letters(worker.amqp_url) == []


async def test_while_the_outside_is_away_nothing_is_taken_and_nothing_delivered_again(
    worker: Worker, lines: Lines
) -> None:
    await publish(worker.amqp_url, [envelope(text) for text in names(5)])
    worker.outside_is_away = True
    async with working(worker):

        async def waits() -> None:
            assert len(lines.of("worker.waiting")) >= 2
            assert f"outside of {TICKET_ROUTER}" in worker.service.health.trouble

        await eventually(waits)
        assert lines.of("worker.consuming") == []
        worker.outside_is_away = False
        await expect_handled(worker, names(5))
        assert worker.service.health.trouble == {}


async def test_deliveries_are_held_while_the_handler_waits_and_not_delivered_again(
    worker: Worker, lines: Lines
) -> None:
    worker.fault = fails_on("m", OutsideAwayError("the database does not answer"))
    await publish(worker.amqp_url, [envelope(text) for text in names(5)])
    async with working(worker):

        async def waits() -> None:
            assert len(lines.of("worker.waiting")) >= 3
            assert f"handling {TICKET_ROUTER}" in worker.service.health.trouble

        await eventually(waits)
        worker.fault = None
        await expect_handled(worker, names(5))
        assert worker.service.health.trouble == {}

    assert len(lines.of("worker.resumed")) == 1
    assert len(lines.of("worker.consuming")) == 2  # with a prefetch of one, then in full
    assert lines.of("worker.gave_back") == []


async def test_a_deleted_queue_is_declared_and_consumed_again(
    worker: Worker, lines: Lines, servers: TestServers
) -> None:
    await publish(worker.amqp_url, [envelope("antes")])
    async with working(worker):
        await expect_handled(worker, ["antes"])
        await call(servers, "DELETE", f"queues/{vhost_of(worker.amqp_url)}/{TICKET_ROUTER}")

        async def noticed() -> None:
            assert lines.of("amqp.consumer_cancelled")
            assert len(lines.of("worker.consuming")) >= 3

        await eventually(noticed)
        await publish(worker.amqp_url, [envelope("después")])
        await expect_handled(worker, ["antes", "después"])


async def test_a_lost_connection_loses_and_doubles_nothing_that_was_settled(
    worker: Worker, lines: Lines, servers: TestServers
) -> None:
    await publish(worker.amqp_url, [envelope(text) for text in names(5)])
    async with working(worker):
        await expect_handled(worker, names(5))
        await expect_empty(worker.amqp_url)
        await close_connections(servers, worker.amqp_url)

        async def noticed() -> None:
            assert lines.of("amqp.lost")

        await eventually(noticed)
        await publish(worker.amqp_url, [envelope("después")])
        await expect_handled(worker, [*names(5), "después"])
        await eventually(lambda: is_ready(worker))


async def test_a_connection_lost_during_a_batch_makes_it_come_again(
    worker: Worker, servers: TestServers
) -> None:
    worker.may_go_on.clear()
    await publish(worker.amqp_url, [envelope("m000")])
    async with working(worker):
        await worker.handling.wait()
        await close_connections(servers, worker.amqp_url)
        worker.may_go_on.set()
        await expect_handled(worker, ["m000", "m000"])  # the ledger knows the second
        await expect_empty(worker.amqp_url)


@pytest.mark.usefixtures("three_losses")
async def test_a_connection_lost_before_its_channel_is_open_does_not_end_the_worker(
    worker: Worker,
) -> None:
    await publish(worker.amqp_url, [envelope("m000")])
    async with working(worker):
        await expect_handled(worker, ["m000"], within=5)


async def test_a_worker_that_is_asked_to_stop_settles_its_batch_first(worker: Worker) -> None:
    worker.may_go_on.clear()
    await publish(worker.amqp_url, [envelope("m000")])
    running = asyncio.create_task(worker.run())
    await worker.handling.wait()
    worker.service.stopping.set()
    worker.may_go_on.set()
    await asyncio.wait_for(running, 10)

    assert worker.handled == ["m000"]
    await expect_empty(worker.amqp_url)


async def test_workers_that_are_replaced_25_times_over_a_backlog_bury_nothing(
    worker: Worker,
) -> None:
    texts = names(300)
    await publish(worker.amqp_url, [envelope(text) for text in texts])
    handled: list[str] = []
    for _ in range(25):
        replaced = [Worker(worker.amqp_url), Worker(worker.amqp_url)]
        running = [asyncio.create_task(one.run()) for one in replaced]
        await asyncio.gather(*(one.handling.wait() for one in replaced))
        for one in replaced:
            one.service.stopping.set()
        await asyncio.wait_for(asyncio.gather(*running), 20)
        handled += [text for one in replaced for text in one.handled]
        if len(handled) == len(texts):
            break
    async with working(worker):
        await expect_handled(worker, sorted(set(texts) - set(handled)))

    assert len(handled) == len(set(handled))
    assert await dead_letters(worker.amqp_url) == []


async def is_ready(worker: Worker) -> None:
    assert worker.service.health.trouble == {}


async def call(servers: TestServers, method: str, path: str) -> object:
    async with Management(str(servers.management_url)) as management:
        return await management.call(method, path)


async def close_connections(servers: TestServers, amqp_url: str, *, at_least: int = 2) -> None:
    """Close every connection of the vhost, as an operator would in the management page."""

    async def close() -> None:
        listed: object = await call(servers, "GET", f"vhosts/{vhost_of(amqp_url)}/connections")
        assert isinstance(listed, list)
        assert len(listed) >= at_least
        for connection in listed:
            await call(servers, "DELETE", f"connections/{connection['name']}")

    await eventually(close)


def vhost_of(amqp_url: str) -> str:
    return urlsplit(amqp_url).path.removeprefix("/")
