"""The life of a process: settings, logs, signals, health, and an orderly end."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import NoReturn, TypeVar

import uvloop
from aiohttp import web

from shared import config
from shared.http_server import UnusableAddressError, start_http
from shared.log import configure_logging, failure, log
from shared.service import Service

# Container hosts kill 30 s after SIGTERM; what has not drained by then would be torn anyway, and
# an exit that says so is better than being killed.
DRAIN_SECONDS = 25.0

# Objects made and not yet ended at which the collector looks for cycles. More than this brought no
# speed, and what stands in cycles is memory until then.
GARBAGE_THRESHOLD = 5_000

CONFIGURATION_EXIT = 2
CRASH_EXIT = 1

SettingsT = TypeVar("SettingsT")


def run_service(
    name: str,
    read_settings: Callable[[config.Env], SettingsT],
    serve: Callable[[SettingsT, Service], Awaitable[None]],
) -> NoReturn:
    """Run one service in the foreground until SIGTERM or SIGINT, then drain and exit 0.

    A wrong setting ends it at once with exit code 2 and a line that names the variable. `serve`
    returns after `service.stopping` is set and its running work has ended.
    """
    env = config.environment()
    try:
        configure_logging(
            name,
            as_json=config.log_as_json(env),
            level=config.log_level(env),
            hash_key=config.log_hash_key(env),
        )
        port = config.health_port(env)
        host = config.http_host(env)
        settings = read_settings(env)
    except ValueError as error:
        # Written without structlog, which may not be set up; these texts never show a value.
        configure_logging(name, as_json=True, level="info", hash_key=os.urandom(16))
        log.error("configuration.invalid", reason=str(error))
        sys.exit(CONFIGURATION_EXIT)

    async def main() -> int:
        return await _run(settings, serve, host, port)

    _spare_the_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(main())
    sys.exit(code)


def _spare_the_collector() -> None:
    """Leave what the imports made alone, and look for cycles less often.

    Nearly all that a request or an event makes ends with its last reference. With Python's own
    threshold of 700 objects the collector ran whenever some requests were under way at once, and
    walked through objects that were still in use.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


async def _run(
    settings: SettingsT,
    serve: Callable[[SettingsT, Service], Awaitable[None]],
    host: str,
    health_port: int | None,
) -> int:
    service = Service()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _ask_to_stop, service, number)
    log.info("service.started")
    runner: web.AppRunner | None = None
    try:
        if health_port is not None:
            runner = await start_http(web.Application(), host, health_port, service.health)
        return await _serve_until_stopped(service, serve(settings, service))
    except UnusableAddressError as error:
        log.error("configuration.invalid", reason=str(error))
        return CONFIGURATION_EXIT
    except Exception as error:  # noqa: BLE001  the last place where a failure can be told
        log.error("service.crashed", **failure(error))
        return CRASH_EXIT
    finally:
        if runner is not None:
            await runner.cleanup()


def _ask_to_stop(service: Service, number: signal.Signals) -> None:
    if service.stopping.is_set():
        # Asked twice: whoever asks does not want to wait. Deliveries that run come again.
        os._exit(128 + number)
    log.info("service.stopping", signal=number.name)
    service.stopping.set()


async def _serve_until_stopped(service: Service, work: Awaitable[None]) -> int:
    running = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(service.stopping.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    started = monotonic()
    done, _ = await asyncio.wait({running}, timeout=DRAIN_SECONDS)
    if not done:
        log.error("service.drain_timeout", seconds=DRAIN_SECONDS)
        return CRASH_EXIT
    await running
    log.info("service.stopped", took_ms=round((monotonic() - started) * 1000))
    return 0
