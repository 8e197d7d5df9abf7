"""A file is fetched in two steps, and the token goes nowhere else."""

import asyncio
import gzip
import hashlib
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from shared.whatsapp import fetch_media
from shared.whatsapp.fetch_media import (
    Fetched,
    MediaApi,
    MediaAwayError,
    MediaMissingError,
    MediaTooLargeError,
)
from shared.whatsapp.media_hosts import PrivateAddressError
from tests.integration.media_validator.meta import BYTES, TOKEN, Answer, meta_and_api


async def fetch(api: MediaApi, most_bytes: int = 1_000_000) -> tuple[Fetched, bytes]:
    with tempfile.TemporaryFile() as file:
        fetched = await api.fetch("811", file, Path("anywhere"), most_bytes)
        file.seek(0)
        return fetched, file.read()


async def test_an_id_gives_an_address_and_the_address_the_bytes() -> None:
    async with meta_and_api() as (meta, api):
        fetched, content = await fetch(api)

    assert content == BYTES
    assert (fetched.size, fetched.sha256) == (len(BYTES), hashlib.sha256(BYTES).hexdigest())
    assert [path for _, path, _ in meta.asked] == ["/v25.0/811?phone_number_id=700", "/bytes?mid=1"]
    assert {authorization for _, _, authorization in meta.asked} == {f"Bearer {TOKEN}"}
    assert {agent.partition("/")[0] for agent in meta.agents} == {"Ventanilla"}


async def test_an_address_that_comes_in_pieces_is_read_whole() -> None:
    async with meta_and_api() as (meta, api):
        meta.told_answer = in_pieces(f'{{"url": "{meta.address}"'.encode(), b"}")
        _, content = await fetch(api)

    assert content == BYTES


async def test_an_address_without_end_is_not_read_for_ever() -> None:
    written = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while written < 100_000_000:
            await response.write(b" " * 100_000)
            written += 100_000
        return response

    async with meta_and_api() as (meta, api):
        meta.told_answer = endless
        with pytest.raises(MediaAwayError):
            await fetch(api)

    assert len(meta.asked) == 1
    assert written < 20_000_000, "it is not read on"


def in_pieces(*pieces: bytes) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for piece in pieces:
            # Each leaves in a packet of its own: the next waits until this one is on its way.
            await response.write(piece)
            await asyncio.sleep(0)
        return response

    return answer


@pytest.mark.parametrize(
    "address",
    ["http://localhost:{port}/bytes", "http://[::1]:{port}/bytes", "ftp://127.0.0.1:{port}/bytes",
     "http://127.0.0.1:1/bytes", "file:///etc/passwd", "//127.0.0.1/x", "", None, 7, "http://["],
)  # fmt: skip
async def test_no_other_host_is_asked_let_alone_sees_the_token(address: object) -> None:
    async with meta_and_api() as (meta, api):
        port = meta.address.rpartition(":")[2].partition("/")[0]
        meta.told = (200, {"url": str(address).format(port=port) if address else address})

        with pytest.raises(MediaAwayError):
            await fetch(api)

    assert len(meta.asked) == 1


async def test_a_host_of_the_setting_is_asked() -> None:
    async with meta_and_api() as (meta, _):
        port = meta.address.rpartition(":")[2].partition("/")[0]
        graph = f"http://127.0.0.1:{port}/v25.0"
        meta.address = f"http://localhost:{port}/bytes"
        async with MediaApi(graph, TOKEN, "700", frozenset({f"localhost:{port}"})) as api:
            _, content = await fetch(api)

    assert content == BYTES


def leading_to(address: str, port: int) -> type[AbstractResolver]:
    """A name server that leads every name to one address, at the port of a test's server."""

    class Leading(AbstractResolver):
        async def resolve(
            self, host: str, *_: object, family: int = socket.AF_INET
        ) -> list[ResolveResult]:
            assert family in {socket.AF_INET, socket.AF_UNSPEC}
            return [
                ResolveResult(
                    hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0
                )
            ]

        async def close(self) -> None:
            pass

    return Leading


@pytest.mark.parametrize(
    ("allowed", "asked"),
    [("*.meta.example", False), ("files.meta.example", True), ("files.meta.example:80", True)],
)
async def test_only_a_host_that_is_named_whole_may_be_a_private_address(
    monkeypatch: pytest.MonkeyPatch, allowed: str, asked: bool
) -> None:
    """Whoever answers for a name of Meta's domains could lead the token into our own network."""
    async with meta_and_api() as (meta, _):
        url = URL(meta.address)
        monkeypatch.setattr(aiohttp, "DefaultResolver", leading_to("127.0.0.1", url.port or 0))
        meta.address = "http://files.meta.example/bytes"
        async with MediaApi(f"{url.origin()}/v25.0", TOKEN, "700", frozenset({allowed})) as api:
            if asked:
                assert (await fetch(api))[1] == BYTES
            else:
                with pytest.raises(MediaAwayError) as caught:
                    await fetch(api)
                assert isinstance(caught.value.__cause__, PrivateAddressError)

    assert len(meta.asked) == 1 + asked


async def test_the_graph_host_may_be_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async with meta_and_api() as (meta, _):
        url = URL(meta.address)
        monkeypatch.setattr(aiohttp, "DefaultResolver", leading_to("127.0.0.1", url.port or 0))
        meta.address = "http://graph.example/bytes"
        async with MediaApi("http://graph.example/v25.0", TOKEN, "700", frozenset()) as api:
            _, content = await fetch(api)

    assert content == BYTES


@pytest.mark.parametrize("step", [1, 2])
async def test_a_redirect_is_not_followed(step: int) -> None:
    """Neither to another address of the file, nor of the file's bytes."""

    async def redirect(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(str(request.url.with_host("localhost")))

    async with meta_and_api() as (meta, api):
        if step == 1:
            meta.told_answer = redirect
        else:
            meta.bytes_answer = redirect
        with pytest.raises(MediaAwayError) as caught:
            await fetch(api)

    assert caught.value.status == 302
    assert len(meta.asked) == step


@pytest.mark.parametrize(
    "told",
    [
        (404, {"error": {"code": 100}}),
        (400, {"error": {"code": 100}}),
        (400, {"error": {"code": 131009}}),
    ],
    ids=str,
)
async def test_what_meta_does_not_know_is_missing(told: tuple[int, object]) -> None:
    async with meta_and_api() as (meta, api):
        meta.told = told
        with pytest.raises(MediaMissingError):
            await fetch(api)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ((401, {"error": {"code": 190}}), 401),
        ((400, {"error": {"code": 130429}}), 400),
        ((500, []), 500),
        ((404, {}), 404),
        ((200, ["no object"]), 200),
        ((200, {}), 0),
    ],
    ids=str,
)
async def test_everything_else_may_pass(told: tuple[int, object], status: int) -> None:
    async with meta_and_api() as (meta, api):
        meta.told = told
        with pytest.raises(MediaAwayError) as caught:
            await fetch(api)

    assert caught.value.status == status


async def test_too_large_is_said_before_it_is_read_or_as_soon_as_it_shows() -> None:
    async with meta_and_api() as (meta, api):
        with pytest.raises(MediaTooLargeError):
            await fetch(api, most_bytes=len(BYTES) - 1)
        fetched, _ = await fetch(api, most_bytes=len(BYTES))
        assert fetched.size == len(BYTES)

        written = 0

        async def endless(request: web.Request) -> web.StreamResponse:
            nonlocal written
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(b"x" * 65_536)
                written += 65_536

        meta.bytes_answer = endless
        async with asyncio.timeout(20):
            with pytest.raises(MediaTooLargeError):
                await fetch(api, most_bytes=500_000)

    assert written < 20_000_000, "it is not read on"


async def test_what_does_not_announce_its_size_is_measured() -> None:
    async with meta_and_api() as (meta, api):
        meta.bytes_answer = in_pieces(*[b"x" * 100_000] * 10)
        with pytest.raises(MediaTooLargeError):
            await fetch(api, most_bytes=999_999)
        fetched, _ = await fetch(api, most_bytes=1_000_000)

    assert fetched.size == 1_000_000


async def test_what_announces_too_much_is_not_waited_for() -> None:
    async def announce(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000000000"})
        await response.prepare(request)
        await asyncio.Event().wait()  # and never sends a byte
        return response

    async with meta_and_api() as (meta, api), asyncio.timeout(10):
        meta.bytes_answer = announce
        with pytest.raises(MediaTooLargeError):
            await fetch(api)


async def test_a_body_that_ends_early_is_not_taken_for_the_file() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "200000"})
        await response.prepare(request)
        await response.write(b"x" * 65_536)
        assert request.transport is not None
        request.transport.abort()
        return response

    async with meta_and_api() as (meta, api):
        meta.bytes_answer = cut
        with pytest.raises(MediaAwayError):
            await fetch(api)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "identity, gzip", "br"])
async def test_nothing_compressed_is_taken(encoding: str) -> None:
    """A small body could be a large file."""

    async def packed(_: web.Request) -> web.StreamResponse:
        return web.Response(body=gzip.compress(BYTES), headers={"Content-Encoding": encoding})

    async with meta_and_api() as (meta, api):
        meta.bytes_answer = packed
        with pytest.raises(MediaAwayError):
            await fetch(api)


async def test_a_bomb_that_does_not_say_so_stays_as_small_as_it_came() -> None:
    bomb = gzip.compress(bytes(50_000_000))

    async def unsaid(_: web.Request) -> web.StreamResponse:
        return web.Response(body=bomb)

    async with meta_and_api() as (meta, api):
        meta.bytes_answer = unsaid
        fetched, content = await fetch(api)

    assert (fetched.size, content) == (len(bomb), bomb)


async def test_a_body_that_goes_on_behind_its_announced_end_is_no_file() -> None:
    async def more(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        request.transport.write(head + b"%PDF-" + b"x" * 1000)
        request.transport.close()
        return web.Response()

    async with meta_and_api() as (meta, api):
        meta.bytes_answer = more
        with pytest.raises(MediaAwayError):
            await fetch(api)


@pytest.mark.parametrize("step", [1, 2])
async def test_a_body_that_drips_is_not_waited_for_beyond_the_deadline(
    monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """A byte now and then is no silence; the deadline is that of both steps together."""
    monkeypatch.setattr(fetch_media, "FETCH_SECONDS", 0.5)
    ended = asyncio.Event()

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b" ")
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), 0.05)
        finally:
            ended.set()

    async with meta_and_api() as (meta, api), asyncio.timeout(10):
        if step == 1:
            meta.told_answer = drip
        else:
            meta.bytes_answer = drip
        with pytest.raises(MediaAwayError) as caught:
            await fetch(api)
        await ended.wait()

    assert isinstance(caught.value.__cause__, TimeoutError)


async def test_a_silent_connection_is_taken_for_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_media, "SILENCE_SECONDS", 0.2)

    async def silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"x")
        await asyncio.Event().wait()
        return response

    async with meta_and_api() as (meta, api), asyncio.timeout(10):
        meta.bytes_answer = silent
        with pytest.raises(MediaAwayError):
            await fetch(api)


async def test_an_address_that_has_ended_is_asked_for_again() -> None:
    """It lives five minutes; a new attempt uses a new one, and not the one that it had."""
    lives = 1

    async def tell(request: web.Request) -> web.StreamResponse:
        nonlocal lives
        lives += 1
        return web.json_response({"url": f"{request.url.origin()}/bytes?mid={lives}"})

    async def give(request: web.Request) -> web.StreamResponse:
        return web.Response(body=BYTES) if request.query["mid"] == "3" else web.Response(status=404)

    async with meta_and_api() as (meta, api):
        meta.told_answer, meta.bytes_answer = tell, give
        with pytest.raises(MediaAwayError) as caught:
            await fetch(api)
        assert caught.value.status == 404
        _, content = await fetch(api)

    assert content == BYTES


async def test_a_host_that_is_away_is_away(unused_tcp_port: int) -> None:
    async with MediaApi(f"http://127.0.0.1:{unused_tcp_port}", TOKEN, "700", frozenset()) as api:
        with pytest.raises(MediaAwayError) as caught:
            await fetch(api)

    assert caught.value.status == 0
