"""Serve an ASGI application by uvicorn."""

import asyncio
import signal
from typing import Any

import uvicorn
import uvloop


def serve_asgi(app: Any, port: int, *, lifespan: str) -> None:
    """Say `ready` when the port is open; return after SIGTERM, when all is answered."""
    # uvicorn raises the signal anew when it has stopped, for whoever handled it before.
    signal.signal(signal.SIGTERM, lambda *_: None)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            http="httptools",
            ws="none",
            lifespan=lifespan,
            access_log=False,
            log_level="error",
            server_header=False,
            date_header=False,
        )
    )
    start = server.startup

    async def startup(*arguments: Any, **named: Any) -> None:
        await start(*arguments, **named)
        print("ready", flush=True)

    server.startup = startup
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve())
