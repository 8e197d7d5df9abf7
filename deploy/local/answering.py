"""Whether a server answers in its own protocol: an open port alone proves nothing."""

import base64
import json
import socket
import struct
import urllib.request
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

ANSWER_SECONDS = 2.0

POSTGRES_PROTOCOL = 3 << 16
AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
AMQP_METHOD_FRAME = 1


def postgres_answers(host: str, port: int) -> bool:
    """Tell whether PostgreSQL takes connections; while it starts up it refuses them."""
    facts = b"user\x00ventanilla\x00database\x00postgres\x00\x00"
    hello = struct.pack("!ii", len(facts) + 8, POSTGRES_PROTOCOL) + facts
    return _first_byte(host, port, hello) == b"R"


def amqp_answers(host: str, port: int) -> bool:
    """Tell whether an AMQP broker takes connections; RabbitMQ listens when it has booted."""
    return _first_byte(host, port, AMQP_HEADER) == bytes([AMQP_METHOD_FRAME])


def tcp_answers(host: str, port: int) -> bool:
    """Tell whether anything accepts connections there."""
    try:
        with socket.create_connection((host, port), ANSWER_SECONDS):
            return True
    except OSError:
        return False


def rabbit_version(management_url: str) -> str | None:
    """Give the version that the management API tells, None while it does not answer."""
    parts = urlsplit(management_url)
    login = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    request = urllib.request.Request(
        f"http://{parts.hostname}:{parts.port}/api/overview",
        headers={"Authorization": f"Basic {login}"},
    )
    try:
        with open_directly(request) as answer:
            overview: dict[str, Any] = json.load(answer)
    except (OSError, ValueError):
        return None
    return str(overview.get("rabbitmq_version", "of unknown version"))


def http_answers_ok(url: str) -> bool:
    """Tell whether a GET of this address is answered 200."""
    try:
        with open_directly(urllib.request.Request(url)) as answer:
            return answer.status == HTTPStatus.OK
    except OSError:
        return False


def open_directly(request: urllib.request.Request, seconds: float = ANSWER_SECONDS) -> HTTPResponse:
    """Ask a server of this machine; OSError where it gives no answer, or one that is an error."""
    # An HTTP proxy named in the environment cannot reach this machine's own loopback.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        answer: HTTPResponse = direct.open(request, timeout=seconds)
    except HTTPException as error:
        raise ConnectionError(str(error)) from error
    return answer


def _first_byte(host: str, port: int, hello: bytes) -> bytes:
    try:
        with socket.create_connection((host, port), ANSWER_SECONDS) as connection:
            connection.sendall(hello)
            return connection.recv(1)
    except OSError:
        return b""
