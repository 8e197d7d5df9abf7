"""Write the OpenAPI document of the endpoints."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, get_args

import msgspec

from services.agent_desk import examples
from services.agent_desk.answers import Change, Channel, ProblemDetails, Status
from services.agent_desk.download_attachment import SAFE_HEADERS
from services.agent_desk.endpoints import Endpoint, Reply
from services.agent_desk.list_tickets import LONGEST_SEARCH
from services.agent_desk.read_request import DEFAULT_LIMIT, HIGHEST_LIMIT

PREFIX = "/api/v1"
_SCHEMAS = "#/components/schemas/{name}"
_PROBLEM = "application/problem+json"

# What any endpoint can answer; for a public one the first is left out.
_ALWAYS = {
    401: "A valid bearer token is needed.",
    500: "A mistake of ours; it is in the log.",
    503: "The database or the media store does not answer, or took too long.",
}
_HEADERS_OF_PROBLEMS = {401: ("WWW-Authenticate",), 503: ("Retry-After",)}


def _query(description: str, **schema: object) -> dict[str, Any]:
    return {"in": "query", "description": description, "schema": schema}


_LAST_ID = "The id of the last event that the client saw."
_PARAMETERS: dict[str, dict[str, Any]] = {
    "number": {
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "example": examples.TICKET.number,
    },
    "id": {
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "format": "int64", "minimum": 1},
        "example": examples.MESSAGE.attachments[0].id,
    },
    "status": _query("Only tickets of this status.", enum=list(get_args(Status))),
    "channel": _query("Only tickets of this channel.", enum=list(get_args(Channel))),
    "unread": _query("Only tickets with, or without, messages nobody has seen.", type="boolean"),
    "q": _query(
        "Only tickets in which a number, a name, an address or a message holds these words.",
        type="string",
        maxLength=LONGEST_SEARCH,
        pattern="^[^\\u0000]*$",
    ),
    "limit": _query(
        "How many a page holds at the most.",
        type="integer",
        minimum=1,
        maximum=HIGHEST_LIMIT,
        default=DEFAULT_LIMIT,
    ),
    "cursor": _query("The `next_cursor` of the page before.", type="string"),
    "Last-Event-ID": {"in": "header", "description": _LAST_ID, "schema": {"type": "string"}},
    "last_event_id": _query(f"{_LAST_ID} For those who cannot set headers.", type="string"),
}


def _header(schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"required": required, "schema": schema}


_HEADERS = {
    "Content-Length": _header({"type": "integer", "minimum": 0}),
    "Content-Disposition": _header({"type": "string", "pattern": "^attachment; filename="}),
    "WWW-Authenticate": _header({"const": "Bearer"}),
    "Retry-After": _header({"type": "integer"}),
    **{name: _header({"const": value}) for name, value in SAFE_HEADERS.items()},
}


def write_document(endpoints: Sequence[Endpoint]) -> bytes:
    """Give the document as JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        operations = paths.setdefault(f"{PREFIX}{endpoint.path}", {})
        operations[endpoint.method.lower()] = _operation(endpoint)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Ventanilla, the agents' desk",
                "version": "1",
                "description": "Times are RFC 3339 in UTC. What answers GET answers HEAD too, "
                "but for the stream. Errors are problem details (RFC 9457).",
            },
            "paths": paths,
            "security": [{"bearer": []}],
            "components": _components(endpoints),
        }
    )


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    problems = {**endpoint.problems, **_ALWAYS}
    if endpoint.public:
        del problems[HTTPStatus.UNAUTHORIZED]
    operation = {
        "operationId": endpoint.handler.__name__,
        "summary": endpoint.summary,
        "parameters": [{"$ref": f"#/components/parameters/{one}"} for one in endpoint.parameters],
        "responses": {
            str(endpoint.reply.status): _reply(endpoint.reply),
            **{str(one): _problem(one, problems[one]) for one in sorted(problems)},
        },
    }
    if endpoint.public:
        operation["security"] = []
    if endpoint.body is not None:
        content = {"application/json": _content(endpoint.body)}
        if endpoint.form is not None:
            content["multipart/form-data"] = {"schema": endpoint.form}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _reply(reply: Reply) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    if reply.example is not None:
        schema = _content(reply.example)
    return {
        "description": reply.meaning,
        "headers": _refer_to_headers(reply.headers),
        "content": {reply.media_type: schema},
    }


def _problem(status: int, meaning: str) -> dict[str, Any]:
    return {
        "description": meaning,
        "headers": _refer_to_headers(_HEADERS_OF_PROBLEMS.get(status, ())),
        "content": {_PROBLEM: {"schema": {"$ref": _SCHEMAS.format(name=ProblemDetails.__name__)}}},
    }


def _refer_to_headers(names: Sequence[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _content(example: msgspec.Struct) -> dict[str, Any]:
    name = type(example).__name__
    return {"schema": {"$ref": _SCHEMAS.format(name=name)}, "example": example}


def _components(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    shown = [one for endpoint in endpoints for one in (endpoint.body, endpoint.reply.example)]
    structs = {type(one) for one in shown if one is not None} | {Change, ProblemDetails}
    _, schemas = msgspec.json.schema_components(
        sorted(structs, key=lambda struct: struct.__name__), ref_template=_SCHEMAS
    )
    for example in (examples.CHANGE, examples.PROBLEM):
        schemas[type(example).__name__]["examples"] = [example]
    return {
        "schemas": schemas,
        "parameters": {name: {"name": name, **one} for name, one in _PARAMETERS.items()},
        "headers": _HEADERS,
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    }
