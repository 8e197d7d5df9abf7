"""Meta's two media endpoints, answering as a test says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.whatsapp.fetch_media import MediaApi

TOKEN = "test-access-token"
BYTES = b"%PDF-1.7 " + b"x" * 100_000

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Meta:
    """What is answered for an id, and for the address that it leads to."""

    address: str = ""
    told: tuple[int, object] | None = None
    bytes_answer: Answer | None = None
    told_answer: Answer | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Host, path and Authorization of each request."""
    agents: set[str] = field(default_factory=set)
    """User-Agent of the requests."""

    async def tell(self, request: web.Request) -> web.StreamResponse:
        self._note(request)
        if self.told_answer is not None:
            return await self.told_answer(request)
        status, body = self.told or (200, {"url": self.address, "mime_type": "x", "file_size": "1"})
        return web.json_response(body, status=status)

    async def give(self, request: web.Request) -> web.StreamResponse:
        self._note(request)
        return await (self.bytes_answer or _whole)(request)

    def _note(self, request: web.Request) -> None:
        authorization = request.headers.get("Authorization", "")
        self.asked.append((request.host, request.path_qs, authorization))
        self.agents.add(request.headers.get("User-Agent", ""))


@asynccontextmanager
async def meta_and_api(*hosts: str) -> AsyncIterator[tuple[Meta, MediaApi]]:
    """Give a stand-in and our side of it; `hosts` are those of the setting."""
    meta = Meta()
    app = web.Application()
    app.add_routes([web.get("/v25.0/{id}", meta.tell), web.get("/bytes", meta.give)])
    async with TestServer(app, host="127.0.0.1") as server:
        url = f"http://127.0.0.1:{server.port}"
        meta.address = f"{url}/bytes?mid=1"
        async with MediaApi(f"{url}/v25.0", TOKEN, "700", frozenset(hosts)) as api:
            yield meta, api


async def _whole(_: web.Request) -> web.StreamResponse:
    return web.Response(body=BYTES, content_type="application/pdf")
