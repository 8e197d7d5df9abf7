"""Celery's ingress in gevent's WSGI server: a greenlet waits for each confirm.

Run by `python -m gevent.monkey`, which makes sockets and threads gevent's before this is imported.
"""

import os
import signal
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent.pywsgi import WSGIServer

from tests.benchmarks.peers.celery_tasks import send
from tests.benchmarks.peers.take_webhook import take_webhook

secret = os.environ["WHATSAPP_APP_SECRET"]


def webhook(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
    """Answer `POST /webhook`."""
    body = environ["wsgi.input"].read()
    messages = take_webhook(body, environ.get("HTTP_X_HUB_SIGNATURE_256"), secret)
    if messages is None:
        start("401 Unauthorized", [("Content-Length", "15")])
        return [b"wrong signature"]
    for message in messages:
        send(message)
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def _serve(port: int) -> None:
    server = WSGIServer(("127.0.0.1", port), webhook, log=None)
    gevent.signal_handler(signal.SIGTERM, server.stop)
    server.start()
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(int(os.environ["PORT"]))
