"""The limit of ingress: aiohttp that takes the same webhook and puts it nowhere.

`python -m tests.benchmarks.bench.bare_http`, with PORT and WHATSAPP_APP_SECRET: it reads, verifies
and parses the body, as ingress does before it publishes, and answers 200.
"""

import asyncio
import hmac
import json
import os
import signal

import msgspec
import uvloop
from aiohttp import web

SECRET = os.environ["WHATSAPP_APP_SECRET"].encode()

_decoder = msgspec.json.Decoder()


async def take(request: web.Request) -> web.Response:
    """Answer one webhook."""
    body = await request.read()
    digest = hmac.digest(SECRET, body, "sha256").hex()
    if not hmac.compare_digest(f"sha256={digest}", request.headers["X-Hub-Signature-256"]):
        return web.Response(status=401)
    webhook = _decoder.decode(body)
    messages = webhook["entry"][0]["changes"][0]["value"]["messages"]
    return web.Response(text="ok" if messages else json.dumps(webhook))


async def main() -> None:
    """Serve until SIGTERM."""
    app = web.Application()
    app.add_routes([web.post("/webhook", take)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"])).start()
    print("ready", flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(main())
