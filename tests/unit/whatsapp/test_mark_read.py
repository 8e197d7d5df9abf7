"""What is known of a read mark after the Graph API has answered, or has not."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.whatsapp.error_codes import RETRY
from shared.whatsapp.mark_read import Marked, NotMarked, ReadMarksApi
from tests.system import free_port
from tests.unit.whatsapp.test_send_message import FakeGraph


@pytest.fixture
async def graph() -> FakeGraph:
    return FakeGraph()


@pytest.fixture
async def api(graph: FakeGraph) -> AsyncIterator[ReadMarksApi]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", graph.handle)
    async with (
        TestServer(app) as server,
        ReadMarksApi(str(server.make_url("/v25.0")), "token", "700") as api,
    ):
        yield api


async def test_a_mark_names_the_message_and_nothing_else(
    graph: FakeGraph, api: ReadMarksApi
) -> None:
    graph.body = b'{"success":true}'

    assert await api.mark_read("wamid.in") == Marked()

    body = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.in"}
    assert graph.asked == [("/v25.0/700/messages", "Bearer token", body)]


@pytest.mark.parametrize(
    ("status", "code", "action"),
    [(400, 131009, "fail"), (400, 130429, "slow"), (401, 190, "stop"), (500, 131016, "retry")],
)
async def test_the_code_says_whether_it_helps_to_wait(
    graph: FakeGraph, api: ReadMarksApi, status: int, code: int, action: str
) -> None:
    graph.status, graph.body = status, json.dumps({"error": {"code": code}}).encode()

    outcome = await api.mark_read("wamid.in")

    assert isinstance(outcome, NotMarked)
    assert (outcome.rule.action, outcome.status, outcome.code) == (action, status, code)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"success":false}', b'{"error":"x"}', b'{"error":{}}']
)
@pytest.mark.parametrize("status", [200, 404, 500])
async def test_an_answer_that_is_not_the_apis_own_is_asked_for_again(
    graph: FakeGraph, api: ReadMarksApi, status: int, body: bytes
) -> None:
    graph.status, graph.body = status, body

    assert await api.mark_read("wamid.in") == NotMarked(RETRY, status, None)


async def test_the_token_follows_no_redirect(graph: FakeGraph, api: ReadMarksApi) -> None:
    graph.status, graph.headers = 307, {"Location": "/elsewhere"}

    await api.mark_read("wamid.in")

    assert [path for path, _, _ in graph.asked] == ["/v25.0/700/messages"]


async def test_an_answer_that_breaks_off_is_asked_for_again(
    graph: FakeGraph, api: ReadMarksApi
) -> None:
    graph.breaks_off = True

    assert await api.mark_read("wamid.in") == NotMarked(RETRY, 0, None)


async def test_where_nobody_listens_it_is_tried_again() -> None:
    async with ReadMarksApi(f"http://127.0.0.1:{free_port()}/v25.0", "token", "700") as api:
        assert await api.mark_read("wamid.in") == NotMarked(RETRY, 0, None)
