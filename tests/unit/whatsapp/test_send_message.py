"""What is known of a message after the Graph API has answered, or has not."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.whatsapp.error_codes import RETRY, STOP
from shared.whatsapp.send_message import (
    Accepted,
    GraphApi,
    OutgoingMedia,
    Recipient,
    Refused,
    Unknown,
)
from tests.system import free_port

RECIPIENT = Recipient("34600111222", "ES.Ana")


class FakeGraph:
    """Answers what a test tells it and keeps what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b"{}"
        self.headers: dict[str, str] = {}
        self.breaks_off = False
        self.asked: list[tuple[str, str, Any]] = []

    async def handle(self, request: web.Request) -> web.Response:
        authorization = request.headers.get("Authorization", "")
        self.asked.append((request.path, authorization, await request.json()))
        if self.breaks_off and request.transport is not None:
            request.transport.close()
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@pytest.fixture
async def graph() -> FakeGraph:
    return FakeGraph()


@pytest.fixture
async def api(graph: FakeGraph) -> AsyncIterator[GraphApi]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", graph.handle)
    async with (
        TestServer(app) as server,
        GraphApi(str(server.make_url("/v25.0")), "token", "700") as api,
    ):
        yield api


async def test_a_text_is_sent_with_everything_that_whatsapp_wants(
    graph: FakeGraph, api: GraphApi
) -> None:
    await api.send_text(RECIPIENT, "Buenos días", 42)

    assert graph.asked == [
        (
            "/v25.0/700/messages",
            "Bearer token",
            {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": "+34600111222",
                "type": "text",
                "text": {"body": "Buenos días", "preview_url": False},
                "biz_opaque_callback_data": "message:42",
            },
        )
    ]


async def test_whoever_hides_the_phone_is_addressed_by_user_id_and_never_in_to(
    graph: FakeGraph, api: GraphApi
) -> None:
    await api.send_text(Recipient(None, "ES.Ana"), "Hola", 1)

    (_, _, body) = graph.asked[0]
    assert body["recipient"] == "ES.Ana"
    assert "to" not in body


async def test_an_accepted_message_has_its_wamid(graph: FakeGraph, api: GraphApi) -> None:
    graph.body = b'{"messages":[{"id":"wamid.out"}]}'

    assert await api.send_text(RECIPIENT, "Hola", 1) == Accepted("wamid.out")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"OK", b"{}", b"[]", b"null", b"\xff", b'{"messages":[]}', b'{"messages":{}}',
        b'{"messages":[{}]}', b'{"messages":[{"id":""}]}', b'{"messages":[{"id":7}]}',
        b'{"messages":["x"]}', b'{"messages":[{"id":"a\\u0000b"}]}',
    ],
)  # fmt: skip
async def test_r17_a_200_without_a_wamid_is_unknown(
    graph: FakeGraph, api: GraphApi, body: bytes
) -> None:
    graph.body = body

    assert await api.send_text(RECIPIENT, "Hola", 1) == Unknown(None, 200)


@pytest.mark.parametrize(
    ("status", "code", "action"),
    [
        (400, 130429, "slow"), (503, 2, "retry"), (500, 3, "stop"), (401, 190, "stop"),
        (500, 131045, "stop"), (400, 131047, "window"), (400, 100, "fail"), (404, 132001, "fail"),
    ],
)  # fmt: skip
async def test_the_code_counts_and_not_the_http_status(
    graph: FakeGraph, api: GraphApi, status: int, code: int, action: str
) -> None:
    graph.status, graph.body = status, json.dumps({"error": {"code": code}}).encode()

    outcome = await api.send_text(RECIPIENT, "Hola", 1)

    assert isinstance(outcome, Refused)
    assert (outcome.rule.action, outcome.status, outcome.code) == (action, status, code)


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'{"error":"x"}', b'{"error":{}}'])
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_r17_an_error_without_a_word_from_the_api_is_unknown(
    graph: FakeGraph, api: GraphApi, status: int, body: bytes
) -> None:
    graph.status, graph.body = status, body

    assert await api.send_text(RECIPIENT, "Hola", 1) == Unknown(None, status)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_that_is_not_the_apis_own_says_nothing_of_the_message(
    graph: FakeGraph, api: GraphApi, status: int
) -> None:
    graph.status, graph.body = status, b'{"error":{"code":"x"}}'

    assert await api.send_text(RECIPIENT, "Hola", 1) == Refused(STOP, status, None)


async def test_the_token_follows_no_redirect(graph: FakeGraph, api: GraphApi) -> None:
    graph.status, graph.headers = 307, {"Location": "/elsewhere"}

    outcome = await api.send_text(RECIPIENT, "Hola", 1)

    assert isinstance(outcome, Refused)
    assert [path for path, _, _ in graph.asked] == ["/v25.0/700/messages"]


async def test_r17_an_answer_that_breaks_off_is_unknown(graph: FakeGraph, api: GraphApi) -> None:
    graph.breaks_off = True

    outcome = await api.send_text(RECIPIENT, "Hola", 1)

    assert isinstance(outcome, Unknown)
    assert outcome.error is not None


async def test_where_nobody_listens_nothing_was_sent() -> None:
    async with GraphApi(f"http://127.0.0.1:{free_port()}/v25.0", "token", "700") as api:
        assert await api.send_text(RECIPIENT, "Hola", 1) == Refused(RETRY, 0, None)


@pytest.mark.parametrize(
    ("media", "content"),
    [
        (OutgoingMedia("document", "81", "a.pdf", "Su impreso"),
         {"id": "81", "filename": "a.pdf", "caption": "Su impreso"}),
        (OutgoingMedia("image", "81", "a.png", None), {"id": "81"}),
        (OutgoingMedia("video", "81", "a.mp4", "Vea"), {"id": "81", "caption": "Vea"}),
        (OutgoingMedia("audio", "81", "a.mp3", None), {"id": "81"}),
    ],
    ids=lambda one: getattr(one, "kind", ""),
)  # fmt: skip
async def test_a_file_is_sent_by_its_id_with_what_its_kind_takes(
    graph: FakeGraph, api: GraphApi, media: OutgoingMedia, content: dict[str, str]
) -> None:
    await api.send_media(RECIPIENT, media, 42)

    ((_, _, body),) = graph.asked
    assert (body["type"], body[media.kind]) == (media.kind, content)
    assert body["biz_opaque_callback_data"] == "message:42"
