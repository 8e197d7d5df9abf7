"""How a send can fail without a word from WhatsApp, and what a real sender makes of each way.

What may have gone is `unknown` and never sent again blindly (R17); what was answered by somebody
else is kept. More answers are in `tests/unit/whatsapp/test_send_message.py`, Meta's own codes in
`test_codes.py`, and where nobody listens in `test_send_outbox.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.eventually import eventually
from tests.integration.sender.waiting import Waiting, write_waiting
from tests.system import Process, System

LOGIN_PAGE = "<!DOCTYPE html><title>Sign in</title>"
STATES = "SELECT message_id, state FROM outbox ORDER BY message_id"
DELIVERIES = "SELECT id, delivery FROM messages ORDER BY id"

ENDED = web.AppKey("ended", asyncio.Event)

Way = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Graph:
    """Answers the first request in a way of failing, all others as WhatsApp does."""

    way: Way
    asked: list[str] = field(default_factory=list)
    """The callback data of each request that came whole."""
    followed: list[str] = field(default_factory=list)
    """Where a redirect has led."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.way is cut_before_the_request_is_read and not self.asked:
            self.asked.append("?")
            return await self.way(request)
        self.asked.append((await request.json())["biz_opaque_callback_data"])
        return await self.way(request) if len(self.asked) == 1 else accepted(len(self.asked))

    async def elsewhere(self, request: web.Request) -> web.Response:
        self.followed.append(request.method)
        return accepted(1)


def accepted(number: int) -> web.Response:
    return web.json_response({"messages": [{"id": f"wamid.{number}"}]})


def abort(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut_before_the_request_is_read(request: web.Request) -> web.StreamResponse:
    return abort(request)


async def cut_before_the_answer(request: web.Request) -> web.StreamResponse:
    return abort(request)


async def cut_within_the_answer(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "200"})
    await response.prepare(request)
    await response.write(b'{"messages": [{"id": "wamid.')
    return abort(request)


async def slow_beyond_the_timeout(request: web.Request) -> web.StreamResponse:
    await request.app[ENDED].wait()
    return web.Response()


def answers(status: int, body: str = LOGIN_PAGE, kind: str = "text/html") -> Way:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, content_type=kind)

    return answer


def redirects(status: int) -> Way:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    return answer


MAY_HAVE_GONE: dict[str, Way] = {
    "cut before the request is read": cut_before_the_request_is_read,
    "cut before the answer": cut_before_the_answer,
    "cut within the answer": cut_within_the_answer,
    "slow beyond the timeout": slow_beyond_the_timeout,
    "500 without JSON": answers(500),
    "503 of a proxy": answers(503, "", "text/plain"),
    "200 with a login page": answers(200),
    "200 without a wamid": answers(200, '{"messages": []}', "application/json"),
}
ANSWERED_BY_SOMEBODY_ELSE: dict[str, Way] = {
    "302 to elsewhere": redirects(302),
    "307 to elsewhere": redirects(307),
    "401 with a login page": answers(401),
    "403 with a login page": answers(403),
}
TOO_MANY: dict[str, Way] = {"429 of a proxy": answers(429, "slow down", "text/plain")}


@dataclass
class Case:
    """A contact with two messages, of which the first fails, and another contact."""

    graph: Graph
    sender: Process
    first: int
    second: int
    other: Waiting


@pytest.fixture
async def case(
    request: pytest.FixtureRequest, system: System, database: asyncpg.Connection
) -> AsyncIterator[Case]:
    graph = Graph(request.param)
    app = web.Application()
    app[ENDED] = asyncio.Event()
    app.add_routes(
        [
            web.post("/v25.0/{number}/messages", graph.answer),
            web.route("*", "/elsewhere", graph.elsewhere),
        ]
    )
    contact = await write_waiting(database, messages=2)
    async with TestServer(app, host="127.0.0.1") as server:
        environment = {"WHATSAPP_GRAPH_URL": f"http://127.0.0.1:{server.port}/v25.0"}
        sender = await system.start("sender", sabotage="hasty", environment=environment, wait=False)

        async def tried() -> None:
            assert graph.asked

        await eventually(tried)
        other = await write_waiting(database, messages=1)
        yield Case(graph, sender, contact.messages[0], contact.messages[1], other)
        app[ENDED].set()


def ways(of: dict[str, Way]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", of.values(), ids=of.keys(), indirect=True)


@ways(MAY_HAVE_GONE)
async def test_r17_what_may_have_gone_is_unknown_and_neither_repeated_nor_overtaken(
    case: Case, database: asyncpg.Connection
) -> None:
    async def unknown_and_the_other_sent() -> None:
        states = {row["message_id"]: row["state"] for row in await database.fetch(STATES)}
        assert states == {case.first: "unknown", case.second: "queued"}

    await eventually(unknown_and_the_other_sent)

    deliveries = {row["id"]: row["delivery"] for row in await database.fetch(DELIVERIES)}
    assert deliveries[case.first] == "unknown"
    assert deliveries[case.other.messages[0]] == "pending", "another contact waits for nothing"
    assert len(case.graph.asked) == 2
    assert case.graph.asked[1] == f"message:{case.other.messages[0]}"
    (line,) = case.sender.events("send.unknown")
    assert (line["message_id"], line["attempt"]) == (case.first, 1)


@ways(ANSWERED_BY_SOMEBODY_ELSE)
async def test_an_answer_of_somebody_else_fails_no_message_and_stops_the_channel(
    case: Case, system: System, database: asyncpg.Connection
) -> None:
    """A proxy, a login page, a wrong address: each message would get it, and nothing is lost."""

    async def stopped() -> None:
        assert len(case.sender.events("channel.stopped")) == 1
        status, body = await system.health(case.sender)
        assert status == 503
        assert "channel" in body["trouble"]

    await eventually(stopped)

    states = {row["message_id"]: row["state"] for row in await database.fetch(STATES)}
    assert set(states.values()) <= {"queued"}
    assert {case.first, case.second} <= states.keys(), "the queue is kept"
    deliveries = {row["delivery"] for row in await database.fetch(DELIVERIES)}
    assert deliveries == {"pending"}
    assert case.graph.followed == [], "the token follows no redirect"


@ways(TOO_MANY)
async def test_a_429_of_somebody_else_slows_the_number_and_every_message_goes(
    case: Case, database: asyncpg.Connection
) -> None:
    async def all_are_sent() -> None:
        assert await database.fetch(STATES) == []

    await eventually(all_are_sent)

    assert len(case.sender.events("channel.slowed")) == 1
    assert case.sender.events("channel.stopped") == []
    messages = [case.first, case.second, *case.other.messages]
    assert sorted(case.graph.asked) == sorted(f"message:{n}" for n in [case.first, *messages])
