"""Celery's router: its application and its one task; the ingress sends to it, too."""

import os

import msgspec
import psycopg
from celery import Celery, signals
from celery.exceptions import Reject
from kombu.serialization import register
from psycopg_pool import ConnectionPool

from tests.benchmarks.peers.configurations import CELERY_QUEUE, CONFIGURATIONS
from tests.benchmarks.peers.place_message import PLACE_MESSAGE, SESSION, parameters
from tests.benchmarks.peers.serve import CONFIGURATION_VARIABLE

# JSON would have to write the bytes of a message as text, and its quotes anew.
register(
    "msgspec",
    msgspec.msgpack.encode,
    msgspec.msgpack.decode,
    content_type="application/x-msgspec",
    content_encoding="binary",
)

_chosen = os.environ.get(CONFIGURATION_VARIABLE)
settings = {
    one.name: one.settings
    for role in ("router", "ingress")
    for one in CONFIGURATIONS[role, "celery"]
}.get(_chosen or "", {})

app = Celery("peers", broker=os.environ["AMQP_URL"])
app.conf.update(
    broker_transport_options={"confirm_publish": True},
    broker_pool_limit=settings.get("threads", 10),
    broker_connection_retry_on_startup=True,
    task_default_queue=CELERY_QUEUE,
    task_default_queue_type="quorum",
    task_default_exchange_type="direct",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_serializer="msgspec",
    accept_content=["msgspec"],
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    worker_redirect_stdouts=False,  # `ready` is not for the log
)

_size = int(settings.get("connections", 1))
pool = ConnectionPool(
    os.environ.get("DATABASE_URL", ""),
    min_size=_size,
    max_size=_size,
    open=False,
    kwargs={
        "autocommit": True,
        "prepare_threshold": 0,
        "cursor_factory": psycopg.RawCursor,
        "options": " ".join(f"-c {name}={value}" for name, value in SESSION.items()),
    },
)


def place(encoded: bytes) -> None:
    """Place a message; Celery acks it when this returns, or requeues it for the database."""
    values = parameters(encoded)
    while True:
        try:
            with pool.connection() as connection:
                connection.execute(PLACE_MESSAGE, values)
        except psycopg.errors.UniqueViolation:
            continue  # somebody else made this contact or this ticket just now
        except psycopg.Error as error:
            raise Reject(error, requeue=True) from error
        return


place_task = app.task(place, name="place")


def send(encoded: bytes) -> None:
    """Send a message to the router; returns when RabbitMQ has confirmed it."""
    place_task.apply_async((encoded,), argsrepr="(a message)", kwargsrepr="{}")


def _open_pool(**_: object) -> None:
    """Connect: after the fork where there is one, else before the worker consumes."""
    pool.open()


def _say_ready(**_: object) -> None:
    print("ready", flush=True)


if settings.get("pool") == "prefork":
    signals.worker_process_init.connect(_open_pool, weak=False)
elif "pool" in settings:
    signals.worker_init.connect(_open_pool, weak=False)
signals.worker_ready.connect(_say_ready, weak=False)
