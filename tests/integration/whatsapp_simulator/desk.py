"""A desk that takes webhooks, and the few words in which the tests speak to the simulator."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import FormData, web
from aiohttp.test_utils import TestClient
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed

Json = dict[str, Any]
Simulator = TestClient[web.Request, web.Application]

PHONE_NUMBER_ID = "700800900100200"
TOKEN = "a-token"
SECRET = "test_app_secret"
GRAPH = f"/v25.0/{PHONE_NUMBER_ID}/messages"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}

NOW = 1795000000.0


@dataclass
class Desk:
    """What came in, and what is answered to it: first what `answers` says, then 200."""

    received: list[tuple[str, bytes, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.received.append((request.path, body, request.headers["X-Hub-Signature-256"]))
        return web.Response(status=status)

    @property
    def bodies(self) -> list[Json]:
        return [json.loads(body) for _, body, _ in self.received]

    @property
    def values(self) -> list[Json]:
        return [
            change["value"]
            for body in self.bodies
            for entry in body["entry"]
            for change in entry["changes"]
        ]

    def items(self, name: str) -> list[Json]:
        return [item for value in self.values for item in value.get(name, [])]


def text_to(address: str = "+573001234567", body: str = "Buenas", **more: object) -> Json:
    return {
        "messaging_product": "whatsapp",
        "to": address,
        "type": "text",
        "text": {"body": body},
        **more,
    }


async def ask_graph(simulator: Simulator, message: object) -> tuple[int, Json]:
    async with simulator.post(GRAPH, json=message, headers=AUTHORIZED) as answer:
        return answer.status, await answer.json()


async def write(simulator: Simulator, phone: str = "573001234567", **what: object) -> str:
    path = f"/simulator/{'users' if '.' in phone else 'phones'}/{phone}/messages"
    async with simulator.post(path, json=what or {"text": "Hola"}) as answer:
        assert answer.status == 202, await answer.text()
        wamid: str = (await answer.json())["id"]
        return wamid


async def send_file(
    simulator: Simulator,
    content: bytes = b"%PDF-1.7",
    phone: str = "573001234567",
    *,
    filename: str = "Factura.pdf",
    content_type: str = "application/pdf",
    **fields: str,
) -> Json:
    """Have a citizen send a file; give the wamid and the media id."""
    # The name as a field of its own: in a part's head it would be percent-encoded.
    form = FormData({"filename": filename, **fields})
    form.add_field("file", content, filename="file", content_type=content_type)
    path = f"/simulator/{'users' if '.' in phone else 'phones'}/{phone}/files"
    async with simulator.post(path, data=form) as answer:
        assert answer.status == 202, await answer.text()
        sent: Json = await answer.json()
        return sent


async def ask_media(simulator: Simulator, media_id: str, **query: str) -> tuple[int, Json]:
    """Ask the Graph API about a medium."""
    path = f"/v25.0/{media_id}"
    async with simulator.get(path, params=query, headers=AUTHORIZED) as answer:
        return answer.status, await answer.json()


async def download(
    simulator: Simulator, media_id: str, headers: dict[str, str] = AUTHORIZED
) -> tuple[int, bytes]:
    """Follow the link to the bytes of a medium."""
    _, medium = await ask_media(simulator, media_id)
    path = urlsplit(medium["url"]).path
    async with simulator.get(path, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.read()


async def read(simulator: Simulator, phone: str = "573001234567") -> list[Json]:
    path = f"/simulator/{'users' if '.' in phone else 'phones'}/{phone}/messages"
    async with simulator.get(path) as answer:
        messages: list[Json] = (await answer.json())["messages"]
        return messages


async def behave(simulator: Simulator, **how: object) -> Json:
    async with simulator.patch("/simulator/behaviour", json=how) as answer:
        assert answer.status == 200, await answer.text()
        shown: Json = await answer.json()
        return shown


async def counts(simulator: Simulator) -> Json:
    async with simulator.get("/simulator/webhooks") as answer:
        shown: Json = await answer.json()
        return shown


def eventually() -> AsyncRetrying:
    return AsyncRetrying(stop=stop_after_delay(10), wait=wait_fixed(0.01), reraise=True)


async def at_rest(simulator: Simulator) -> Json:
    found: Json = {}
    async for attempt in eventually():
        with attempt:
            found = await counts(simulator)
            assert found["pending"] == 0
    return found
