"""The OpenAPI document: complete, and true of the running API."""

import asyncio
import copy
from typing import Any

import msgspec
import pytest

from services.agent_desk.endpoints import ENDPOINTS
from services.agent_desk.serve import ROUTES
from services.agent_desk.stream_events import stream_events
from services.agent_desk.write_document import PREFIX, write_document
from tests.integration.agent_desk.files import Files, open_ticket
from tests.integration.agent_desk.hold_against import Findings, hold_against
from tests.system import System

# There is little to vary in a request without parameters, or with one number.
FEWEST_CASES = {"/openapi.json": 10, "/attachments/{id}": 20}
DOCUMENT: dict[str, Any] = msgspec.json.decode(write_document(ENDPOINTS))


def test_every_route_stands_in_the_document_and_the_other_way_round() -> None:
    routes = {(route.method.lower(), route.path) for route in ROUTES if route.method != "HEAD"}
    documented = {
        (method, path) for path, methods in DOCUMENT["paths"].items() for method in methods
    }

    assert routes == documented


def test_every_get_has_a_head_but_the_stream() -> None:
    gets, heads = (
        {route.path for route in ROUTES if route.method == method} for method in ("GET", "HEAD")
    )

    assert gets - heads == {f"{PREFIX}/events"}
    assert heads - gets == set()


async def test_the_document_can_be_read_without_a_token(desk: System) -> None:
    async with desk.http.get(f"{desk.desk_url}/openapi.json") as answer:
        assert answer.status == 200
        assert await answer.json() == DOCUMENT


@pytest.fixture
async def busy_desk(desk: System, files: Files) -> System:
    """A desk with tickets, messages and files in every state."""
    numbers = [await open_ticket(desk, f"3460000{n:04}", "Hola", "Mire") for n in range(6)]
    await desk.desk("POST", f"/tickets/{numbers[0]}/close")
    await desk.desk("POST", f"/tickets/{numbers[1]}/messages", {"text": "Diga"})
    body = {"channel": "email", "contact": {"email": "a@example.org"}, "text": "Escribió"}
    _, registered = await desk.desk("POST", "/tickets", body)
    await desk.desk("POST", f"/tickets/{registered['number']}/close")
    for number in numbers[:3]:
        message_id = (await desk.messages(number))[0]["id"]
        await files.accept(message_id, b"%PDF-1.7", filename="año.pdf")
        await files.accept(message_id, b"BM", form="bmp", filename=None)
        for state in ("pending", "refused", "unavailable"):
            await files.add(message_id, state, filename="x.doc")
    return desk


async def hold(desk: System, document: dict[str, Any], examples: int) -> Findings:
    url = desk.desk_url.removesuffix(PREFIX)
    return await asyncio.to_thread(hold_against, document, url, examples=examples)


async def test_the_running_api_does_what_the_document_says(busy_desk: System) -> None:
    findings = await hold(busy_desk, DOCUMENT, 100)

    assert not findings.wrong, "\n\n".join(sorted(findings.wrong))
    for endpoint in ENDPOINTS:
        operation = f"{endpoint.method} {PREFIX}{endpoint.path}"
        if endpoint.handler is not stream_events:
            # A state that has changed meanwhile (409) is as good an answer as the usual one.
            assert {endpoint.reply.status, 409} & findings.statuses_of(operation), operation
            fewest = FEWEST_CASES.get(endpoint.path, 100)
            assert findings.cases_of(operation) >= fewest, operation
    assert {status for _, status in findings.answers} >= {400, 401, 404, 405, 409, 422}
    assert busy_desk.events("request.failed") == []


async def test_a_field_that_the_document_lacks_is_noticed(busy_desk: System) -> None:
    document = copy.deepcopy(DOCUMENT)
    ticket = document["components"]["schemas"]["Ticket"]
    del ticket["properties"]["unread"]
    ticket["required"].remove("unread")

    findings = await hold(busy_desk, document, 1)

    assert any(one.startswith("response_schema_conformance") for one in findings.wrong)
