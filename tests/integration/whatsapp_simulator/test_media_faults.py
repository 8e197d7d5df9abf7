"""How a test makes Meta's media host fail."""

from time import monotonic
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientError, ClientPayloadError

from tests.integration.whatsapp_simulator.desk import (
    AUTHORIZED,
    Simulator,
    ask_media,
    behave,
    download,
    send_file,
)

CONTENT = bytes(range(256)) * 1024


async def link_to(simulator: Simulator, content: bytes = CONTENT) -> str:
    """Give the path of a fresh link to a file that a citizen sent."""
    sent = await send_file(simulator, content)
    _, medium = await ask_media(simulator, sent["media_id"])
    return urlsplit(medium["url"]).path


async def fetch(simulator: Simulator, path: str) -> tuple[int, bytes]:
    async with simulator.get(path, headers=AUTHORIZED, allow_redirects=False) as answer:
        return answer.status, await answer.read()


async def test_a_host_that_is_away_answers_nothing_about_media(simulator: Simulator) -> None:
    sent = await send_file(simulator, CONTENT)
    path = await link_to(simulator)
    await behave(simulator, media_away=True)

    for _ in range(2):
        with pytest.raises(ClientError):
            await ask_media(simulator, sent["media_id"])
        with pytest.raises(ClientError):
            await fetch(simulator, path)

    await behave(simulator, media_away=False)
    assert await fetch(simulator, path) == (200, CONTENT)


async def test_a_500_is_of_either_endpoint_and_no_json(simulator: Simulator) -> None:
    sent = await send_file(simulator, CONTENT)
    path = await link_to(simulator)
    await behave(simulator, media_500_next=2)

    async with simulator.get(f"/v25.0/{sent['media_id']}", headers=AUTHORIZED) as answer:
        assert (answer.status, answer.content_type) == (500, "text/html")
    assert (await fetch(simulator, path))[0] == 500

    assert await download(simulator, sent["media_id"]) == (200, CONTENT)


async def test_a_fresh_link_can_be_a_404(simulator: Simulator) -> None:
    path = await link_to(simulator)
    await behave(simulator, media_404_next=1)

    assert (await fetch(simulator, path))[0] == 404
    assert await fetch(simulator, path) == (200, CONTENT)


async def test_a_download_can_be_slow(simulator: Simulator) -> None:
    path = await link_to(simulator, b"x" * 1000)
    await behave(simulator, media_bytes_per_second=5000)

    began = monotonic()
    status, content = await fetch(simulator, path)

    assert (status, content) == (200, b"x" * 1000)
    assert monotonic() - began >= 0.19


async def test_a_download_can_be_cut_in_the_middle(simulator: Simulator) -> None:
    path = await link_to(simulator)
    await behave(simulator, media_cut_next=1)

    async with simulator.get(path, headers=AUTHORIZED) as answer:
        assert answer.headers["Content-Length"] == str(len(CONTENT))
        half = await answer.content.readexactly(len(CONTENT) // 2)
        assert half == CONTENT[: len(CONTENT) // 2]
        with pytest.raises(ClientPayloadError):
            await answer.content.read()

    assert await fetch(simulator, path) == (200, CONTENT)


async def test_a_download_can_be_without_length_and_end(simulator: Simulator) -> None:
    path = await link_to(simulator)
    await behave(simulator, media_wrong_length_next=1)

    async with simulator.get(path, headers=AUTHORIZED) as answer:
        assert "Content-Length" not in answer.headers
        much = await answer.content.readexactly(20 * len(CONTENT))
        assert much == 20 * CONTENT
        answer.close()

    assert await fetch(simulator, path) == (200, CONTENT)


@pytest.mark.parametrize(
    ("to", "expected"),
    [("", "http://localhost:{port}{path}"), ("elsewhere.example:81", "http://{to}{path}")],
)
async def test_a_download_can_lead_to_another_host(
    simulator: Simulator, to: str, expected: str
) -> None:
    path = await link_to(simulator)
    await behave(simulator, media_redirect_next=1, media_redirect_to=to)

    async with simulator.get(path, headers=AUTHORIZED, allow_redirects=False) as answer:
        assert answer.status == 302
        port = simulator.port
        assert answer.headers["Location"] == expected.format(to=to, port=port, path=path)

    assert await fetch(simulator, path) == (200, CONTENT)


@pytest.mark.parametrize("to", ["http://elsewhere", "elsewhere/path", "a\r\nb"])
async def test_another_host_is_a_host(simulator: Simulator, to: str) -> None:
    async with simulator.patch("/simulator/behaviour", json={"media_redirect_to": to}) as answer:
        assert answer.status == 400
