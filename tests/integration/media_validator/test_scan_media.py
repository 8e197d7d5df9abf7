"""With an antivirus no file is accepted that it has not called clean, whatever happens to it."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from services.scheduler.queue_refusal_notices import queue_refusal_notices
from shared.config import DEFAULT_TEXTS_FILE
from shared.texts import read_texts
from tests import media_files
from tests.clamd import EICAR, FOUND, Clamd
from tests.integration.media_validator.conftest import FORMATS, Validating
from tests.integration.media_validator.test_validate_media import giving


def infected() -> dict[str, bytes]:
    """Files that are proved to be what they are, with the test file in them."""
    pdf, bmp = media_files.small_pdf(size=2000), media_files.small_bmp()
    return {
        "pdf": pdf.replace(b"v" * len(EICAR), EICAR, 1),
        "bmp": bmp[:54] + EICAR + bmp[54 + len(EICAR) :],
        "xml": b"<solicitud>" + EICAR + b"</solicitud>",
    }


@pytest.mark.parametrize("content", infected().values(), ids=infected())
async def test_a_file_with_malware_is_refused_and_everybody_is_told(
    validating: Validating, clamd: Clamd, content: bytes
) -> None:
    validating.meta.bytes_answer = giving(content)
    without = await validating.work(await validating.send())
    assert without["state"] == "accepted", "it is proved; only the antivirus knows better"
    validating.ask(clamd)

    with capture_logs() as lines:
        row = await validating.work(await validating.send(filename="factura.pdf"))

    assert (row["state"], row["reason"], row["size"]) == ("refused", "malware", len(content))
    assert (row["storage_key"], len(validating.kept())) == (None, 1)
    assert {"attachment.malware", "attachment.refused"} <= {one["event"] for one in lines}
    assert [one["signature"] for one in lines if "signature" in one] == [FOUND]
    await validating.database.execute("UPDATE tickets SET refusal_notice_at = now()")
    await queue_refusal_notices(validating.pool, read_texts(DEFAULT_TEXTS_FILE), FORMATS)
    notice = await validating.database.fetchval("SELECT max(text) FROM messages"
                                                " WHERE purpose = 'refused'")  # fmt: skip
    assert "factura.pdf: contiene código malicioso" in notice


@pytest.mark.parametrize(("name", "content"), media_files.accepted().items())
async def test_a_clean_file_of_every_format_is_accepted(
    validating: Validating, clamd: Clamd, name: str, content: bytes
) -> None:
    validating.ask(clamd)
    validating.meta.bytes_answer = giving(content)

    row = await validating.work(await validating.send())

    assert (row["state"], row["format"]) == ("accepted", name)
    assert validating.kept() == [content]


async def test_while_the_antivirus_is_away_a_file_waits_without_being_fetched_again(
    validating: Validating, clamd: Clamd
) -> None:
    await clamd.kill()
    service = validating.ask(clamd)
    validating.meta.bytes_answer = giving(media_files.small_pdf())
    attachment = await validating.send()

    waits = []
    for _ in range(20):
        row = await validating.work(attachment)
        assert (row["state"], row["reason"], row["storage_key"]) == ("pending", None, None)
        assert row["lease_until"] is None
        waits.append(row["wait"])

    assert validating.kept() == []
    assert len(validating.meta.asked) == 2, "its address and its bytes, once"
    assert waits[0] < timedelta(seconds=6)
    assert max(waits) <= timedelta(minutes=5)
    assert "antivirus" in service.health.trouble
    await clamd.start()
    assert (await validating.work(attachment))["state"] == "accepted"
    assert service.health.trouble == {}


async def test_what_is_refused_anyway_does_not_wait_for_the_antivirus(
    validating: Validating, clamd: Clamd
) -> None:
    await clamd.kill()
    validating.ask(clamd)
    validating.meta.bytes_answer = giving(media_files.small_docx())

    row = await validating.work(await validating.send())

    assert (row["state"], row["reason"]) == ("refused", "format")


async def test_a_long_outage_of_the_antivirus_is_no_reason_to_give_a_file_up(
    validating: Validating, clamd: Clamd
) -> None:
    """Neither the attempts that it cost nor its seven days count; only what Meta says then."""
    await clamd.kill()
    validating.ask(clamd)
    validating.meta.bytes_answer = giving(media_files.small_pdf())
    attachment = await validating.send()
    for _ in range(12):
        await validating.work(attachment)
    await clamd.start()
    validating.meta.told = (400, {"error": {"code": 100}})
    for answer in range(1, 10):
        row = await validating.work(attachment)
        assert (row["state"], row["missing_answers"]) == ("pending", answer)
    await clamd.kill()
    await validating.database.execute("UPDATE messages SET sent_at = now() - interval '8 days'")

    assert (await validating.work(attachment))["state"] == "pending"

    await clamd.start()
    row = await validating.work(attachment)
    assert (row["state"], row["reason"]) == ("unavailable", "expired")


async def test_a_file_that_is_too_long_for_the_antivirus_waits_until_that_is_mended(
    validating: Validating, clamd: Clamd
) -> None:
    await clamd.kill()
    await clamd.start(StreamMaxLength="100K")
    service = validating.ask(clamd)
    validating.meta.bytes_answer = giving(media_files.small_pdf(size=190_000))
    attachment = await validating.send()

    for _ in range(7):
        await validating.work(attachment)
    row = await validating.work(attachment)

    assert (row["state"], row["lease_until"], validating.kept()) == ("pending", None, [])
    assert row["wait"] > timedelta(minutes=5), "each time it is fetched again"
    assert "antivirus verdict" in service.health.trouble
    await clamd.kill()
    await clamd.start()
    assert (await validating.work(attachment))["state"] == "accepted"
    assert service.health.trouble == {}
