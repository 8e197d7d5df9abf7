"""A form is read up to its bounds, whatever its sender says of it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.agent_desk import read_form as bounds
from services.agent_desk.problems import answer_problems
from services.agent_desk.read_form import read_form

Client = TestClient[web.Request, web.Application]


async def take(request: web.Request) -> web.Response:
    async with read_form(request, 20) as form:
        return web.json_response(
            {
                "text": form.text,
                "files": [
                    [one.filename, one.declared_type, one.size, one.sha256, _read(one.path)]
                    for one in form.files
                ],
            }
        )


def _read(path: Path) -> str:
    return path.read_bytes().decode()


@pytest.fixture
async def client(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    monkeypatch.setattr(bounds, "MOST_FILE_BYTES", 1000)
    monkeypatch.setattr(bounds, "MOST_BYTES", 2500)
    monkeypatch.setattr(bounds, "SILENCE_SECONDS", 0.5)
    # Far less than the form: only what is read at once counts against it.
    app = web.Application(middlewares=[answer_problems], client_max_size=10)
    app.router.add_post("/", take)
    async with TestClient(TestServer(app)) as client:
        yield client


def form_of(*files: bytes, text: str | None = None) -> aiohttp.MultipartWriter:
    form = aiohttp.MultipartWriter("form-data")
    if text is not None:
        form.append(text).set_content_disposition("form-data", name="text")
    for content in files:
        part = form.append(content, {"Content-Type": "application/pdf"})
        part.set_content_disposition("form-data", name="file", filename="a.pdf")
    return form


async def in_pieces(form: aiohttp.MultipartWriter) -> AsyncIterator[bytes]:
    yield await form.as_bytes()


async def post(client: Client, form: aiohttp.MultipartWriter, *, sized: bool = True) -> int:
    """Post a form; without its length it travels in chunks, and nobody knows how long it gets."""
    data = form if sized else in_pieces(form)
    headers = {"Content-Type": form.content_type}
    async with client.post("/", data=data, headers=headers) as answer:
        return answer.status


async def test_words_and_files_are_read_as_they_came(client: Client) -> None:
    async with client.post("/", data=form_of(b"one", b"", text="Año")) as answer:
        told = await answer.json()

    assert told["text"] == "Año"
    assert told["files"] == [
        ["a.pdf", "application/pdf", len(content), hashlib.sha256(content).hexdigest(),
         content.decode()]
        for content in (b"one", b"")
    ]  # fmt: skip


@pytest.mark.parametrize("sized", [True, False])
async def test_each_file_and_all_together_are_bounded(client: Client, sized: bool) -> None:
    assert await post(client, form_of(b"x" * 1000, b"x" * 1000), sized=sized) == 200
    assert await post(client, form_of(b"x" * 1001), sized=sized) == 413
    assert await post(client, form_of(*[b"x" * 900] * 3), sized=sized) == 413


async def test_the_number_of_files_and_the_words_are_bounded(client: Client) -> None:
    assert await post(client, form_of(*[b"x"] * 10)) == 200
    assert await post(client, form_of(*[b"x"] * 11)) == 422
    assert await post(client, form_of(text="🙂" * 20)) == 200
    assert await post(client, form_of(text="🙂" * 21)) == 422


async def test_who_stops_in_the_middle_is_told_so(client: Client) -> None:
    stopped = asyncio.Event()

    form = form_of(b"x" * 500)
    whole = await form.as_bytes()

    async def half_of_it() -> AsyncIterator[bytes]:
        yield whole[:300]
        await stopped.wait()

    headers = {"Content-Type": form.content_type}
    async with client.post("/", data=half_of_it(), headers=headers) as answer:
        assert answer.status == 408
    stopped.set()


async def test_a_form_that_ends_in_the_middle_is_none(client: Client) -> None:
    form = form_of(b"x" * 500)
    whole = await form.as_bytes()

    headers = {"Content-Type": form.content_type}
    async with client.post("/", data=whole[:300], headers=headers) as answer:
        assert answer.status == 400
