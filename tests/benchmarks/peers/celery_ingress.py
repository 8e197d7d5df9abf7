"""Celery's ingress in uvicorn: `apply_async` blocks until the confirm, so it runs in threads."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.benchmarks.peers.celery_tasks import send, settings
from tests.benchmarks.peers.serve_asgi import serve_asgi
from tests.benchmarks.peers.take_webhook import read_request, take_webhook

secret = os.environ["WHATSAPP_APP_SECRET"]
threads = ThreadPoolExecutor(int(settings["threads"]))


def send_all(messages: list[bytes]) -> None:
    """Send them one after the other, each confirmed."""
    for message in messages:
        send(message)


async def webhook(scope: Any, receive: Any, answer: Any) -> None:
    """Answer `POST /webhook`, as an ASGI application."""
    body, signature = await read_request(scope, receive)
    messages = take_webhook(body, signature, secret)
    if messages is not None:
        await asyncio.get_running_loop().run_in_executor(threads, send_all, messages)
    text, status = (b"wrong signature", 401) if messages is None else (b"ok", 200)
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(text)).encode())]
    await answer({"type": "http.response.start", "status": status, "headers": headers})
    await answer({"type": "http.response.body", "body": text})


if __name__ == "__main__":
    serve_asgi(webhook, int(os.environ["PORT"]), lifespan="off")
