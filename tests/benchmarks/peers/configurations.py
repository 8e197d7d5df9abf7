"""In which configurations the peers run, in words, and the pages that describe them.

The settings themselves are here too, so that what is printed is what runs.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

Role = Literal["router", "ingress"]
Peer = Literal["faststream", "celery"]

FASTSTREAM_QUEUE = "peer_faststream"
CELERY_QUEUE = "peer_celery"

_FASTSTREAM = "https://faststream.ag2.ai/latest"
_CELERY = "https://docs.celeryq.dev/en/stable"


@dataclass(frozen=True, slots=True)
class Configuration:
    """One way to run a peer."""

    name: str
    settings: Mapping[str, int | str]
    """Those in which the three differ."""
    words: str
    page: str


_FASTSTREAM_ROUTER = (
    "quorum queue, persistent messages, acked after the commit (AckPolicy.NACK_ON_ERROR), one "
    "statement by asyncpg, uvloop, no logger, no type application"
)
_CELERY_ROUTER = (
    "quorum queue (task_default_queue_type), task_acks_late, task_reject_on_worker_lost, results "
    "ignored, events, gossip, mingle and remote control off, msgspec as serializer, one prepared "
    "statement by psycopg"
)
_FASTSTREAM_INGRESS = "one confirmed publish for each message, uvloop, no access log"
_CELERY_INGRESS = "confirm_publish, apply_async for each message, msgspec as serializer"

CONFIGURATIONS: Mapping[tuple[Role, Peer], tuple[Configuration, ...]] = {
    ("router", "faststream"): (
        Configuration(
            "prefetch-10",
            {"processes": 1, "prefetch": 10, "connections": 10},
            f"{_FASTSTREAM_ROUTER}; prefetch_count=10 and as many connections",
            f"{_FASTSTREAM}/rabbit/prefetch/",
        ),
        Configuration(
            "prefetch-100",
            {"processes": 1, "prefetch": 100, "connections": 20},
            f"{_FASTSTREAM_ROUTER}; prefetch_count=100 and 20 connections",
            f"{_FASTSTREAM}/rabbit/prefetch/",
        ),
        Configuration(
            "workers-2",
            {"processes": 2, "prefetch": 20, "connections": 10},
            f"{_FASTSTREAM_ROUTER}; two processes (--workers 2), each prefetch_count=20 and 10 "
            "connections",
            f"{_FASTSTREAM}/getting-started/cli/",
        ),
    ),
    ("router", "celery"): (
        Configuration(
            "prefork-4",
            {"pool": "prefork", "concurrency": 4, "multiplier": 16, "connections": 1},
            f"{_CELERY_ROUTER}; four processes beside the consumer, each with a connection, "
            "worker_prefetch_multiplier=16",
            f"{_CELERY}/userguide/concurrency/index.html",
        ),
        Configuration(
            "threads-10",
            {"pool": "threads", "concurrency": 10, "multiplier": 10, "connections": 10},
            f"{_CELERY_ROUTER}; ten threads and connections, worker_prefetch_multiplier=10",
            f"{_CELERY}/userguide/concurrency/index.html",
        ),
        Configuration(
            "gevent-20",
            {"pool": "gevent", "concurrency": 20, "multiplier": 5, "connections": 20},
            f"{_CELERY_ROUTER}; 20 greenlets and connections, worker_prefetch_multiplier=5",
            f"{_CELERY}/userguide/concurrency/gevent.html",
        ),
    ),
    ("ingress", "faststream"): (
        Configuration(
            "uvicorn",
            {"server": "uvicorn"},
            f"AsgiFastStream in uvicorn with httptools; {_FASTSTREAM_INGRESS}",
            f"{_FASTSTREAM}/getting-started/asgi/",
        ),
        Configuration(
            "granian",
            {"server": "granian"},
            f"AsgiFastStream in granian, one worker; {_FASTSTREAM_INGRESS}",
            f"{_FASTSTREAM}/getting-started/asgi/",
        ),
        Configuration(
            "aiohttp",
            {"server": "aiohttp"},
            f"the broker inside an aiohttp server; {_FASTSTREAM_INGRESS}",
            f"{_FASTSTREAM}/getting-started/integrations/frameworks/",
        ),
    ),
    ("ingress", "celery"): (
        Configuration(
            "threads-8",
            {"server": "uvicorn", "threads": 8},
            f"uvicorn with httptools and uvloop; {_CELERY_INGRESS}, in 8 threads with a connection "
            "each (broker_pool_limit)",
            f"{_CELERY}/userguide/configuration.html#broker-pool-limit",
        ),
        Configuration(
            "threads-32",
            {"server": "uvicorn", "threads": 32},
            f"uvicorn with httptools and uvloop; {_CELERY_INGRESS}, in 32 threads with a "
            "connection each (broker_pool_limit)",
            f"{_CELERY}/userguide/configuration.html#broker-pool-limit",
        ),
        Configuration(
            "gevent-64",
            {"server": "gevent", "threads": 64},
            f"gevent's WSGI server; {_CELERY_INGRESS}, in a greenlet for each request, up to 64 "
            "connections to RabbitMQ (broker_pool_limit)",
            f"{_CELERY}/userguide/configuration.html#broker-pool-limit",
        ),
    ),
}


def find_configuration(role: Role, peer: Peer, name: str) -> Configuration:
    """Give a configuration; LookupError where there is none of that name."""
    for one in CONFIGURATIONS[role, peer]:
        if one.name == name:
            return one
    raise LookupError(f"{peer} has no {role} configuration {name!r}")


def list_configurations() -> dict[str, dict[str, list[dict[str, object]]]]:
    """Give all of them by role and peer."""
    listed: dict[str, dict[str, list[dict[str, object]]]] = {}
    for (role, peer), several in CONFIGURATIONS.items():
        listed.setdefault(role, {})[peer] = [asdict(one) for one in several]
    return listed
