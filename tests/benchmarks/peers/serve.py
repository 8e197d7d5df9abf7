"""Run a peer: `python -m tests.benchmarks.peers.serve ROLE PEER CONFIG`, or `--list`.

ROLE is router or ingress, PEER faststream or celery, CONFIG a name that `--list` gives as JSON. It
reads DATABASE_URL (router), AMQP_URL, and PORT and WHATSAPP_APP_SECRET (ingress), says `ready` on
its output when it consumes or listens, and ends with 0 on SIGTERM. It goes on as the framework's
own command, as its documentation would have it started.
"""

import json
import os
import runpy
import sys
from collections.abc import Callable, Mapping
from typing import cast

from tests.benchmarks.peers.configurations import (
    CONFIGURATIONS,
    Configuration,
    Peer,
    Role,
    find_configuration,
    list_configurations,
)

CONFIGURATION_VARIABLE = "PEER_CONFIGURATION"
_PACKAGE = "tests.benchmarks.peers"


def main() -> int:
    """Become the peer that the arguments name; 2 where they name none."""
    arguments = sys.argv[1:]
    if arguments == ["--list"]:
        print(json.dumps(list_configurations(), indent=2))
        return 0
    if len(arguments) != 3 or tuple(arguments[:2]) not in CONFIGURATIONS:
        print(__doc__, file=sys.stderr)
        return 2
    role, peer = cast("Role", arguments[0]), cast("Peer", arguments[1])
    module, *sys.argv[1:] = _COMMANDS[role, peer](find_configuration(role, peer, arguments[2]))
    os.environ[CONFIGURATION_VARIABLE] = arguments[2]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    return 0


def this_configuration(role: Role, peer: Peer) -> Configuration:
    """Give the configuration that this process was started with."""
    return find_configuration(role, peer, os.environ[CONFIGURATION_VARIABLE])


def _faststream_router(chosen: Configuration) -> list[str]:
    workers = ["--workers", str(chosen.settings["processes"])]
    if chosen.settings["processes"] == 1:
        workers = []
    return ["faststream", "run", f"{_PACKAGE}.faststream_router:app", *workers]


def _celery_router(chosen: Configuration) -> list[str]:
    settings = chosen.settings
    return [
        *("celery", "--quiet", "-A", f"{_PACKAGE}.celery_tasks", "worker", "--loglevel", "ERROR"),
        *("--pool", str(settings["pool"]), "--concurrency", str(settings["concurrency"])),
        *("--prefetch-multiplier", str(settings["multiplier"])),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def _faststream_ingress(chosen: Configuration) -> list[str]:
    if chosen.settings["server"] != "granian":
        return [f"{_PACKAGE}.faststream_ingress"]
    return [
        *("granian", "--interface", "asgi", "--loop", "uvloop", "--no-ws", "--log-level", "error"),
        *("--host", "127.0.0.1", "--port", os.environ["PORT"]),
        f"{_PACKAGE}.faststream_ingress:app",
    ]


def _celery_ingress(chosen: Configuration) -> list[str]:
    if chosen.settings["server"] == "gevent":
        return ["gevent.monkey", "--module", f"{_PACKAGE}.celery_wsgi"]
    return [f"{_PACKAGE}.celery_ingress"]


_COMMANDS: Mapping[tuple[Role, Peer], Callable[[Configuration], list[str]]] = {
    ("router", "faststream"): _faststream_router,
    ("router", "celery"): _celery_router,
    ("ingress", "faststream"): _faststream_ingress,
    ("ingress", "celery"): _celery_ingress,
}

if __name__ == "__main__":
    sys.exit(main())
