"""Serve an aiohttp application beside, or as, the work of a process."""

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from shared.health import Health
from shared.log import failure, log
from shared.service import Service

SHUTDOWN_SECONDS = 10.0


class UnusableAddressError(ValueError):
    """The address to listen on is taken, or not one of this machine."""


async def start_http(app: web.Application, host: str, port: int, health: Health) -> web.AppRunner:
    """Listen, with the health routes added; raise UnusableAddressError where that cannot be.

    The caller ends it with `cleanup()`, which lets running requests end (10 s at most).
    """
    app.add_routes(health.routes())
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, handle_signals=False
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise UnusableAddressError(
            f"HTTP_HOST {host} with port {port} cannot be listened on ({error.strerror})"
        ) from None
    log.info("http.listening", port=port)
    return runner


async def serve_http(app: web.Application, host: str, port: int, service: Service) -> None:
    """Serve until the process is asked to stop; running requests end first."""
    runner = await start_http(app, host, port, service.health)
    try:
        await service.stopping.wait()
    finally:
        await runner.cleanup()


def plainly(handler: Handler) -> Handler:
    """Give every failure of a handler a log line and an answer without a traceback.

    Around a handler and no middleware: what aiohttp does for one costs a webhook four times as
    much.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as refusal:
            if refusal.status >= HTTPStatus.BAD_REQUEST:
                log.warning("request.refused", method=request.method, status=refusal.status)
            raise
        except ConnectionError as error:
            # The client went away in the middle of its body: nobody is left to answer.
            log.warning("request.refused", method=request.method, status=0, **failure(error))
            raise
        except Exception as error:  # noqa: BLE001  the last place where it can be told
            log.error("request.failed", method=request.method, **failure(error))
            return web.Response(status=500, text="internal error")

    return answer
