"""What is known of an upload after the Graph API has answered, or has not."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import BodyPartReader, web
from aiohttp.test_utils import TestServer

from shared.errors import OutsideAwayError
from shared.media.formats.registry import ALL_FORMATS, SENT_FORMATS
from shared.whatsapp.error_codes import STOP
from shared.whatsapp.sendable import BY_FORMAT, SENDABLE
from shared.whatsapp.upload_media import UploadApi, UploadAway, Uploaded, UploadRefused
from tests.system import free_port

CONTENT = b"x" * 300_000


class FakeGraph:
    """Answers what a test tells it and keeps what it was given."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b'{"id": "8110"}'
        self.headers: dict[str, str] = {}
        self.form: dict[str, object] = {}

    async def handle(self, request: web.Request) -> web.Response:
        self.headers = dict(request.headers)
        try:
            async for part in await request.multipart():
                assert isinstance(part, BodyPartReader)
                content = bytes(await part.read())
                kind = part.headers["Content-Type"]
                is_file = part.filename is not None
                self.form[str(part.name)] = (kind, content) if is_file else content.decode()
        except (ConnectionError, ValueError):
            raise web.HTTPBadRequest from None
        return web.Response(status=self.status, body=self.body)


@pytest.fixture
async def graph() -> FakeGraph:
    return FakeGraph()


@pytest.fixture
async def api(graph: FakeGraph) -> AsyncIterator[UploadApi]:
    app = web.Application(client_max_size=10_000_000)
    app.router.add_post("/v25.0/700/media", graph.handle)
    async with (
        TestServer(app) as server,
        UploadApi(str(server.make_url("/v25.0")), "token", "700") as api,
    ):
        yield api


async def pieces(content: bytes = CONTENT) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]


async def test_a_file_goes_with_everything_that_whatsapp_wants(
    graph: FakeGraph, api: UploadApi
) -> None:
    outcome = await api.upload(pieces(), len(CONTENT), "application/pdf")

    assert outcome == Uploaded("8110")
    assert graph.form == {
        "messaging_product": "whatsapp",
        "type": "application/pdf",
        "file": ("application/pdf", CONTENT),
    }
    assert graph.headers["Authorization"] == "Bearer token"
    assert int(graph.headers["Content-Length"]) > len(CONTENT), "not in chunks"


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, {"error": {"code": 131053}}, "fail"),
        (400, {"error": {"code": 100}}, "fail"),
        (400, {"error": {"code": 100, "error_subcode": 33}}, "stop"),
        (500, {"error": {"code": 131000}}, "retry"),
        (400, {"error": {"code": 130429}}, "slow"),
    ],
)
async def test_a_refusal_has_the_rule_of_its_code(
    graph: FakeGraph, api: UploadApi, status: int, body: object, outcome: str
) -> None:
    graph.status, graph.body = status, json.dumps(body).encode()

    refused = await api.upload(pieces(), len(CONTENT), "application/pdf")

    assert isinstance(refused, UploadRefused)
    assert (refused.rule.action, refused.status) == (outcome, status)


async def test_a_wrong_token_is_for_a_person(graph: FakeGraph, api: UploadApi) -> None:
    graph.status, graph.body = 401, b'{"error": {"code": 190}}'

    assert await api.upload(pieces(), len(CONTENT), "image/png") == UploadRefused(STOP, 401, 190)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"{}"), (200, b'{"id": 7}'), (200, b"<h1>"), (200, b'{"id": ""}'), (502, b"Bad"),
     (302, b""), (404, b"")],
)  # fmt: skip
async def test_whatever_is_no_clear_answer_is_tried_again(
    graph: FakeGraph, api: UploadApi, status: int, body: bytes
) -> None:
    graph.status, graph.body = status, body

    assert await api.upload(pieces(), len(CONTENT), "image/png") == UploadAway(None, status)


@pytest.mark.parametrize("size", [len(CONTENT) + 1, len(CONTENT) - 1])
async def test_a_store_that_gives_another_number_of_bytes_is_noticed(
    graph: FakeGraph, api: UploadApi, size: int
) -> None:
    outcome = await api.upload(pieces(), size, "image/png")

    assert isinstance(outcome, UploadAway)
    assert isinstance(outcome.error, OutsideAwayError)


async def test_where_nobody_listens_it_is_tried_again() -> None:
    async with UploadApi(f"http://127.0.0.1:{free_port()}", "token", "700") as api:
        assert isinstance(await api.upload(pieces(), len(CONTENT), "image/png"), UploadAway)


def test_every_format_that_is_proved_for_sending_can_be_sent_and_shown() -> None:
    assert SENDABLE.keys() == SENT_FORMATS.keys()
    assert len(BY_FORMAT) == len(SENDABLE)
    for name, sendable in SENDABLE.items():
        assert SENT_FORMATS[name].media_type == sendable.media_type
        assert ALL_FORMATS[sendable.format].media_type == sendable.media_type
