"""R11: one file from its claim to its end, whatever is in it and whoever is away."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from deploy.local.sample_files import SampleFile, make_album, make_pdf
from services.media_validator import validate_media as validating_module
from services.media_validator.accept_media import store_media
from services.media_validator.claim_attachment import claim_attachment
from services.scheduler.erase_bytes import erase_bytes
from shared.database.pool import Pool
from shared.media.store import MediaStore
from shared.whatsapp.fetch_media import Fetched
from tests.integration.media_validator.conftest import Validating
from tests.integration.media_validator.meta import Answer

PHOTO, WORD, EXCEL = make_album()
PDF = make_pdf()


def giving(content: bytes) -> Answer:
    async def give(_: web.Request) -> web.StreamResponse:
        return web.Response(body=content)

    return give


async def test_a_proved_file_is_kept_as_it_came(validating: Validating) -> None:
    validating.meta.bytes_answer = giving(PDF.content)
    attachment = await validating.send(filename="informe.exe", mime_type="image/png")

    row = await validating.work(attachment)

    assert (row["state"], row["format"], row["reason"]) == ("accepted", "pdf", None)
    assert row["size"] == len(PDF.content)
    assert row["sha256"] == hashlib.sha256(PDF.content).hexdigest()
    assert validating.kept() == [PDF.content]
    (kept,) = validating.folder.iterdir()
    assert kept.name == row["storage_key"]
    assert re.fullmatch(r"[0-9a-f]{32}", kept.name), "of nothing that came from outside"
    assert (row["lease_until"], row["next_attempt_at"]) == (None, None)


@pytest.mark.parametrize("file", [WORD, EXCEL], ids=lambda file: file.filename)
async def test_a_refused_file_is_not_kept_but_its_caption_is(
    validating: Validating, file: SampleFile
) -> None:
    validating.meta.bytes_answer = giving(file.content)
    attachment = await validating.send(
        filename="informe.pdf", mime_type="application/pdf", caption="mi informe"
    )

    row = await validating.work(attachment)

    assert (row["state"], row["reason"]) == ("refused", "format")
    assert (row["format"], row["storage_key"], row["size"]) == (None, None, len(file.content))
    assert validating.kept() == []
    texts = await validating.database.fetch("SELECT text FROM messages WHERE author = 'contact'")
    assert [text["text"] for text in texts] == ["mi informe"]


async def test_half_a_file_is_damaged(validating: Validating) -> None:
    validating.meta.bytes_answer = giving(PHOTO.content[:-20])
    row = await validating.work(await validating.send(kind="image"))

    assert (row["state"], row["reason"]) == ("refused", "damaged")


async def test_a_file_above_the_limit_is_refused(validating: Validating) -> None:
    validating.meta.bytes_answer = giving(b"%PDF-1.4" + b"x" * 200_000)
    row = await validating.work(await validating.send())

    assert (row["state"], row["reason"], row["size"]) == ("refused", "too_large", None)


async def test_without_an_id_there_is_nothing_to_ask_for(validating: Validating) -> None:
    row = await validating.work(await validating.send(id=None))

    assert (row["state"], row["reason"]) == ("unavailable", "not_found")
    assert validating.meta.asked == []


async def test_an_unknown_id_is_asked_for_ten_times_ever_later(validating: Validating) -> None:
    validating.meta.told = (400, {"error": {"code": 100}})
    attachment = await validating.send()

    waits = []
    for _ in range(9):
        row = await validating.work(attachment)
        assert (row["state"], row["lease_until"]) == ("pending", None)
        waits.append(round(row["wait"].total_seconds()))
    row = await validating.work(attachment)

    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 1280]
    assert (row["state"], row["reason"], row["attempts"]) == ("unavailable", "not_found", 10)


async def test_attempts_in_an_outage_are_no_answers_that_meta_does_not_know_the_file(
    validating: Validating,
) -> None:
    validating.meta.told = (503, {})
    attachment = await validating.send()
    for _ in range(15):
        await validating.work(attachment)

    validating.meta.told = (404, {"error": {"code": 100}})
    rows = [await validating.work(attachment) for _ in range(10)]

    assert [row["state"] for row in rows] == ["pending"] * 9 + ["unavailable"]
    assert rows[-1]["reason"] == "not_found"


@pytest.mark.parametrize(
    ("told", "reason"),
    [((400, {"error": {"code": 100}}), "expired"), ((500, {}), "unreachable")],
    ids=str,
)
async def test_after_seven_days_a_file_that_cannot_be_had_is_given_up(
    validating: Validating, told: tuple[int, object], reason: str
) -> None:
    validating.meta.told = told
    attachment = await validating.send()
    await validating.database.execute("UPDATE messages SET sent_at = now() - interval '7 days'")

    row = await validating.work(attachment)

    assert (row["state"], row["reason"]) == ("unavailable", reason)


async def test_an_outage_of_meta_only_makes_it_later(validating: Validating) -> None:
    validating.meta.told = (503, {})
    attachment = await validating.send()
    for attempt in range(1, 21):
        row = await validating.work(attachment)
        assert (row["state"], row["attempts"]) == ("pending", attempt)
        assert row["wait"].total_seconds() <= 3600

    validating.meta.told, validating.meta.bytes_answer = None, giving(PDF.content)
    row = await validating.work(attachment)

    assert row["state"] == "accepted"


async def test_a_store_that_is_away_only_makes_it_later(validating: Validating) -> None:
    validating.meta.bytes_answer = giving(PDF.content)
    attachment = await validating.send()
    validating.folder.write_bytes(b"a file stands where the folder should be")

    row = await validating.work(attachment)
    assert (row["state"], row["storage_key"]) == ("pending", None)

    validating.folder.unlink()
    row = await validating.work(attachment)
    assert row["state"] == "accepted"
    assert validating.kept() == [PDF.content]


async def test_where_no_file_can_be_opened_it_is_said_and_tried_later(
    validating: Validating, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk for files on their way is full or not there, and no folder of the store yet."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    validating.meta.bytes_answer = giving(PDF.content)

    with capture_logs() as lines:
        row = await validating.work(await validating.send())

    assert (row["state"], row["lease_until"]) == ("pending", None)
    said = [one["error"] for one in lines if one["event"] == "attachment.retry"]
    assert said == ["FileNotFoundError"]


async def test_who_was_given_up_meanwhile_changes_nothing(validating: Validating) -> None:
    """A worker was frozen for longer than its lease; another one has the file."""
    validating.meta.bytes_answer = giving(PDF.content)
    attachment = await validating.send()
    frozen = await claim_attachment(validating.pool, attachment)
    assert frozen is not None
    assert await claim_attachment(validating.pool, attachment) is None, "it is claimed"
    await validating.database.execute("UPDATE attachments SET lease_until = now()")
    other = await claim_attachment(validating.pool, attachment)
    assert other is not None

    await validating.validate(frozen)

    row = await validating.row(attachment)
    assert (row["state"], row["attempts"]) == ("pending", 2)
    assert row["lease_until"] is not None, "the other one goes on"
    assert validating.kept() == [], "nothing refers to what the frozen one kept"
    await validating.validate(other)
    assert (await validating.row(attachment))["state"] == "accepted"
    assert validating.kept() == [PDF.content]


async def test_the_same_file_twice_is_kept_under_two_keys(validating: Validating) -> None:
    validating.meta.bytes_answer = giving(PDF.content)
    rows = [await validating.work(await validating.send(filename="a.pdf")) for _ in range(2)]

    assert rows[0]["storage_key"] != rows[1]["storage_key"]
    # 128 random bits: nothing of a name, a media id or a person can be in them.
    assert all(re.fullmatch("[0-9a-f]{32}", row["storage_key"]) for row in rows)
    assert validating.kept() == [PDF.content] * 2


async def test_who_names_bytes_after_they_were_erased_fetches_them_again(
    validating: Validating, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was frozen for a day between storing them and saying so."""
    validating.meta.bytes_answer = giving(PDF.content)
    attachment = await validating.send()
    was_frozen: list[str] = []

    async def store_and_freeze(pool: Pool, store: MediaStore, fetched: Fetched) -> str:
        key = await store_media(pool, store, fetched)
        if not was_frozen:
            was_frozen.append(key)
            await validating.database.execute("UPDATE unnamed_bytes SET erase_at = now()")
            assert await erase_bytes(pool, store) == 1
        return key

    monkeypatch.setattr(validating_module, "store_media", store_and_freeze)

    row = await validating.work(attachment)
    assert (row["state"], row["storage_key"]) == ("pending", None)
    await validating.database.execute("UPDATE attachments SET lease_until = now()")
    row = await validating.work(attachment)

    assert row["state"] == "accepted"
    assert row["storage_key"] != was_frozen[0]
    assert validating.kept() == [PDF.content]


async def test_who_names_bytes_while_they_are_being_erased_fetches_them_again(
    validating: Validating, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store was away when they were due: they are still there, and nobody's already."""
    validating.meta.bytes_answer = giving(PDF.content)

    async def store_and_doom(pool: Pool, store: MediaStore, fetched: Fetched) -> str:
        key = await store_media(pool, store, fetched)
        await validating.database.execute("UPDATE unnamed_bytes SET erasing = true")
        return key

    monkeypatch.setattr(validating_module, "store_media", store_and_doom)

    row = await validating.work(await validating.send())

    assert (row["state"], row["storage_key"]) == ("pending", None)


async def test_a_refusal_of_who_was_given_up_is_none(validating: Validating) -> None:
    validating.meta.bytes_answer = giving(WORD.content)
    attachment = await validating.send()
    frozen = await claim_attachment(validating.pool, attachment)
    assert frozen is not None
    await validating.database.execute("UPDATE attachments SET attempts = attempts + 1")

    await validating.validate(frozen)

    assert (await validating.row(attachment))["state"] == "pending"
    due = await validating.database.fetchval("SELECT refusal_notice_at FROM tickets")
    assert due is None


async def test_who_was_given_up_does_not_let_go_of_what_another_one_holds(
    validating: Validating,
) -> None:
    validating.meta.told = (503, {})
    attachment = await validating.send()
    frozen = await claim_attachment(validating.pool, attachment)
    assert frozen is not None
    await validating.database.execute("UPDATE attachments SET attempts = attempts + 1")
    held = (await validating.row(attachment))["lease_until"]

    await validating.validate(frozen)

    assert (await validating.row(attachment))["lease_until"] == held


async def test_a_hash_of_either_form_is_compared(validating: Validating) -> None:
    validating.meta.bytes_answer = giving(PDF.content)
    right = hashlib.sha256(PDF.content)
    forms = [
        right.hexdigest(),
        right.hexdigest().upper(),
        base64.b64encode(right.digest()).decode(),
    ]

    with capture_logs() as lines:
        rows = [
            await validating.work(await validating.send(sha256=declared))
            for declared in (*forms, "ab" * 32, "no hash")
        ]

    assert {row["state"] for row in rows} == {"accepted"}, "what Meta hashes is not documented"
    said = [one["attachment_id"] for one in lines if one["event"] == "attachment.hash_differs"]
    assert said == [row["id"] for row in rows[3:]]


async def test_no_file_is_left_where_files_pass_through(
    validating: Validating, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "passing").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "passing"))
    seen: list[int] = []

    async def look(_: web.Request) -> web.StreamResponse:
        seen.append(len(list((tmp_path / "passing").iterdir())))
        return web.Response(body=PDF.content)

    validating.meta.bytes_answer = look

    row = await validating.work(await validating.send())

    assert row["state"] == "accepted"
    assert seen == [0], "a worker that is killed leaves nothing behind"
