"""A validator that dies or freezes, Meta's media host away, a store that fails: no file is lost."""

import asyncio
import signal
from collections import Counter
from datetime import timedelta

import asyncpg
import pytest

from tests import media_files
from tests.clamd import EICAR, Clamd
from tests.eventually import eventually
from tests.faults.sabotage import MARKER
from tests.system import System

PHONE = "34600111222"
FILES = 8

END_LEASES = "UPDATE attachments SET lease_until = now(), next_attempt_at = now()"
NEXT_ATTEMPT = """
SELECT min(attempts) AS attempts, count(*) AS files,
       extract(epoch FROM max(next_attempt_at) - clock_timestamp()) AS wait
FROM attachments WHERE lease_until IS NULL
"""
MOVE_CLOCK = """
WITH moved AS (UPDATE messages SET sent_at = sent_at - $1::interval)
UPDATE attachments SET next_attempt_at = next_attempt_at - $1::interval
"""
COUNT_STATES = "SELECT state, reason, count(*) FROM attachments GROUP BY state, reason"


async def send_files(system: System, size: int = 0) -> list[bytes]:
    contents = [media_files.small_pdf(seed, size) for seed in range(FILES)]
    await asyncio.gather(
        *(
            system.send_file(PHONE, content, f"{place}.pdf")
            for place, content in enumerate(contents)
        )
    )
    return contents


async def states(database: asyncpg.Connection) -> dict[str, int]:
    rows = await database.fetch(COUNT_STATES)
    return {row["reason"] or row["state"]: row["count"] for row in rows}


async def all_end(database: asyncpg.Connection, state: str) -> None:
    assert await states(database) == {state: FILES}


async def all_are_claimed(database: asyncpg.Connection) -> None:
    claimed = await database.fetchval(
        "SELECT count(*) FROM attachments WHERE lease_until IS NOT NULL"
    )
    assert claimed == FILES


async def bytes_are_right(system: System, contents: list[bytes]) -> None:
    """Each file can be downloaded once, as it was sent; the store holds nothing else."""
    (ticket,) = await system.tickets()
    messages = await system.messages(ticket["number"])
    files = [file for message in messages for file in message["attachments"]]
    got = [await system.download(file["id"]) for file in files]
    assert Counter(content for _, content in got) == Counter(contents)


# The leases as they are (30 s), and as if they were over.
@pytest.mark.parametrize(
    ("deaths", "waits"), [(4, False), pytest.param(1, True, marks=pytest.mark.long)]
)
async def test_a_validator_killed_in_mid_download_again_and_again_loses_no_file(
    system: System, database: asyncpg.Connection, deaths: int, waits: bool
) -> None:
    await system.start_all()
    await system.behave(media_bytes_per_second=10_000)
    contents = await send_files(system, 200_000)
    for _ in range(deaths):
        await eventually(lambda: all_are_claimed(database))
        dying = system.of("media_validator")[0].process
        dying.kill()
        await dying.wait()
        await system.start("media_validator")
        if not waits:
            await database.execute(END_LEASES)
    await system.behave(media_bytes_per_second=0)

    await eventually(lambda: all_end(database, "accepted"), within=90)
    await bytes_are_right(system, contents)
    assert len(list(system.media_folder.iterdir())) == FILES


async def test_a_router_killed_before_it_told_the_validators_loses_no_file(
    system: System, database: asyncpg.Connection
) -> None:
    """Its message is committed, so nobody routes it again: only the due time in the row is left."""
    await system.start_all(ticket_router=0)
    dying = await system.start("ticket_router", sabotage="killer_after_commit")
    content = media_files.small_pdf()
    await system.send_file(PHONE, content, caption=MARKER)
    await dying.process.wait()
    await system.start("ticket_router")

    async def the_message_is_settled() -> None:
        lengths = await system.queue_lengths()
        assert not any(lengths.values()), lengths

    await eventually(the_message_is_settled)
    assert await states(database) == {"pending": 1}
    await database.execute("UPDATE attachments SET next_attempt_at = now()")

    async def accepted() -> None:
        assert await states(database) == {"accepted": 1}

    await eventually(accepted)
    await bytes_are_right(system, [content])


async def test_a_validator_that_is_asked_to_stop_gives_back_what_it_cannot_end(
    system: System, database: asyncpg.Connection
) -> None:
    await system.start_all()
    await system.behave(media_bytes_per_second=5_000)
    contents = await send_files(system, 200_000)
    await eventually(lambda: all_are_claimed(database))
    stopping = system.of("media_validator")[0]

    stopping.signal(signal.SIGTERM)
    await asyncio.wait_for(stopping.process.wait(), 30)

    assert stopping.process.returncode == 0
    assert len(stopping.events("attachment.released")) == FILES
    assert await database.fetchval("SELECT count(lease_until) FROM attachments") == 0
    await system.behave(media_bytes_per_second=0)
    await system.start("media_validator")
    await eventually(lambda: all_end(database, "accepted"))
    await bytes_are_right(system, contents)


async def test_a_frozen_validator_does_not_hold_its_files_for_ever(
    system: System, database: asyncpg.Connection
) -> None:
    await system.start_all()
    await system.behave(media_bytes_per_second=50_000)
    contents = await send_files(system, 200_000)
    await eventually(lambda: all_are_claimed(database))
    frozen = system.of("media_validator")[0]
    frozen.signal(signal.SIGSTOP)
    await database.execute(END_LEASES)
    await system.behave(media_bytes_per_second=0)
    await system.start("media_validator")
    await eventually(lambda: all_end(database, "accepted"))

    frozen.signal(signal.SIGCONT)

    async def it_has_noticed() -> None:
        lost = frozen.events("attachment.claim_lost") + frozen.events("attachment.retry")
        assert {line["attachment_id"] for line in lost} == set(range(1, FILES + 1))

    await eventually(it_has_noticed)
    await bytes_are_right(system, contents)
    assert len(list(system.media_folder.iterdir())) == FILES, "it leaves nothing behind"


# Attempts are 5 s, 10 s, 20 s, … apart.
@pytest.mark.parametrize("seconds", [6, pytest.param(60, marks=pytest.mark.long)])
async def test_a_time_without_metas_media_host_loses_no_file(
    system: System, database: asyncpg.Connection, seconds: int
) -> None:
    await system.start_all()
    await system.behave(media_away=True)
    contents = await send_files(system)

    async def all_have_been_tried_for_so_long() -> None:
        row = await database.fetchrow(
            "SELECT count(*) AS files, min(attempts) AS attempts,"
            " extract(epoch FROM clock_timestamp() - min(received_at)) AS waited"
            " FROM attachments JOIN messages ON messages.id = message_id"
        )
        assert row is not None
        assert row["files"] == FILES
        assert row["attempts"] >= 2
        assert row["waited"] >= seconds

    await eventually(all_have_been_tried_for_so_long, within=120, every=0.5)
    assert await states(database) == {"pending": FILES}
    await system.behave(media_away=False)

    await eventually(lambda: all_end(database, "accepted"), within=60)
    await bytes_are_right(system, contents)
    assert system.events("attachment.unavailable") == []


async def test_an_hour_without_metas_media_host_loses_no_file(
    system: System, database: asyncpg.Connection
) -> None:
    """The clock of the rows is moved: each round is as if the next attempt's time had come."""
    await system.start_all()
    await system.behave(media_away=True)
    contents = await send_files(system)
    passed, rounds = timedelta(0), 0
    while passed < timedelta(hours=1):
        rounds += 1

        async def all_have_failed_again(attempts: int = rounds) -> timedelta:
            row = await database.fetchrow(NEXT_ATTEMPT)
            assert row is not None
            assert (row["attempts"], row["files"]) == (attempts, FILES)
            return timedelta(seconds=float(row["wait"]))

        wait = await eventually(all_have_failed_again)
        await database.execute(MOVE_CLOCK, wait)
        passed += wait
    assert await states(database) == {"pending": FILES}
    assert rounds <= 12, "it is asked ever less often"
    await system.behave(media_away=False)

    await eventually(lambda: all_end(database, "accepted"))
    await bytes_are_right(system, contents)
    assert system.events("attachment.unavailable") == []


async def test_an_antivirus_that_freezes_and_dies_loses_no_file_and_lets_none_through(
    system: System, database: asyncpg.Connection, clamd: Clamd
) -> None:
    system.environment["CLAMAV_URL"] = clamd.url
    await system.start_all()
    validator = system.of("media_validator")[0]
    clamd.signal(signal.SIGSTOP)
    contents = await send_files(system)
    infected = media_files.small_pdf(99, 2000).replace(b"v" * len(EICAR), EICAR, 1)
    await system.send_file(PHONE, infected, "infectado.pdf")

    async def all_have_waited_and_it_is_said() -> None:
        waiting = {line["attachment_id"] for line in validator.events("attachment.retry")}
        assert waiting == set(range(1, FILES + 2))
        status, body = await system.health(validator)
        assert (status, list(body["trouble"])) == (503, ["antivirus"])

    await eventually(all_have_waited_and_it_is_said)
    assert await states(database) == {"pending": FILES + 1}
    await clamd.kill()
    await database.execute(
        "UPDATE attachments SET next_attempt_at = now() WHERE lease_until IS NULL"
    )

    async def all_have_waited_again() -> None:
        assert await database.fetchval("SELECT min(attempts) FROM attachments") >= 2

    await eventually(all_have_waited_again)
    assert await states(database) == {"pending": FILES + 1}
    await clamd.start()
    await system.ready(validator)

    async def all_are_judged() -> None:
        assert await states(database) == {"accepted": FILES, "malware": 1}

    await eventually(all_are_judged)
    assert sorted(path.read_bytes() for path in system.media_folder.iterdir()) == sorted(contents)


async def test_a_store_that_fails_once_loses_no_file(
    system: System, database: asyncpg.Connection
) -> None:
    system.media_folder.write_bytes(b"a file stands where the folder should be")
    await system.start_all()
    contents = await send_files(system)

    async def all_have_failed() -> None:
        failed = system.events("attachment.retry")
        assert {line["attachment_id"] for line in failed} == set(range(1, FILES + 1))

    await eventually(all_have_failed)
    system.media_folder.unlink()

    await eventually(lambda: all_end(database, "accepted"))
    await bytes_are_right(system, contents)


async def test_what_meta_has_lost_is_unavailable_with_its_reason(
    system: System, database: asyncpg.Connection
) -> None:
    system.environment["REFUSAL_NOTICE_SECONDS"] = "1"
    await system.start_all(media_validator=0)
    await send_files(system)
    await system.forget_media()
    await system.start("media_validator")

    async def asked_once() -> None:
        put_off = "SELECT count(*) FROM attachments WHERE attempts > 0 AND lease_until IS NULL"
        assert await database.fetchval(put_off) == FILES

    await eventually(asked_once)
    # Nine more answers, without the forty minutes between them.
    await database.execute("UPDATE attachments SET missing_answers = 9, next_attempt_at = now()")

    await eventually(lambda: all_end(database, "not_found"))

    async def told() -> None:
        notices = [m["text"] for m in await system.phone(PHONE) if "0.pdf" in m["text"]]
        assert len(notices) == 1
        assert f"{FILES - 1}.pdf" in notices[0]

    await eventually(told)


async def test_broken_downloads_are_tried_again_until_the_file_is_whole(
    system: System, database: asyncpg.Connection
) -> None:
    await system.start_all()
    await system.behave(media_cut_next=2, media_500_next=2, media_404_next=2, media_redirect_next=2)
    contents = await send_files(system)

    await eventually(lambda: all_end(database, "accepted"), within=60)
    await bytes_are_right(system, contents)
    assert len(system.events("attachment.retry")) >= FILES - 2
