"""The dead letters of one queue, and the count that tells when it is not the events."""

import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from shared.broker.publish import Publisher
from shared.broker.settle import Failed, GiveBackError
from shared.errors import OutsideAwayError
from shared.events import Event, encode_event, seal_envelope
from shared.log import failure, log
from shared.service import Service

MOST_FAILURES_IN_A_ROW = 10
_LONGEST_TRACEBACK = 8_000


class SuspendedError(Exception):
    """So many events failed one after the other that it is not the events."""


class Burials:
    """Buries events with everything that a person needs to understand it."""

    def __init__(
        self,
        queue: str,
        publisher: Publisher,
        on_dead: Callable[[Event, str], Awaitable[None]],
        service: Service,
    ) -> None:
        """Prepare; `on_dead` writes down an event that went to the dead letters."""
        self._queue = queue
        self._publisher = publisher
        self._on_dead = on_dead
        self._service = service
        self._part = f"events of {queue}"
        self._failures_in_a_row = 0

    def event_committed(self) -> None:
        """Count a success: the system works, so a failure is the event's."""
        if self._failures_in_a_row:
            self._failures_in_a_row = 0
            self._service.health.ready(self._part)

    async def bury_failed(self, failed: Failed) -> None:
        """Bury an event that failed alone; raise SuspendedError at the tenth in a row."""
        self._count_failure()
        body = seal_envelope([encode_event(failed.event)])
        await self.bury(body, failed.reason, 0, failed.error, failed.event)

    async def bury_unreadable(self, body: bytes, reason: str, count: int, error: Exception) -> None:
        """Bury what is no envelope or no event; it counts like a failure.

        Where events of a newer version arrive at an older worker, all of them look like that.
        """
        self._count_failure()
        await self.bury(body, reason, count, error, None)

    async def bury(
        self, body: bytes, reason: str, count: int, error: Exception | None, event: Event | None
    ) -> None:
        """Publish to the dead letters, and return when RabbitMQ has it.

        The body is an envelope: moved back to its queue, it is handled like any other.
        """
        headers: dict[str, str | int] = {
            "x-reason": reason,
            "x-origin": self._queue,
            "x-delivered": count + 1,
            "x-buried-at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        if error is not None:
            headers["x-error"] = type(error).__name__
            text = "".join(traceback.format_exception(error))
            headers["x-traceback"] = text[-_LONGEST_TRACEBACK:]

        def say(_: int, error: BaseException) -> None:
            log.warning("publish.failed", queue=self._queue, events=1, **failure(error))

        await self._service.try_until_stopped(
            lambda: self._publisher.publish_dead(self._queue, body, headers),
            (OutsideAwayError,),
            say,
        )
        if event is not None:
            await self._write_down(event, reason)
        log.error(
            "event.dead_lettered", queue=self._queue, reason=reason, delivery_count=count,
            item_id=str(event.item_id) if event is not None else None,
            trace_id=event.trace_id if event is not None else None,
            **(failure(error) if error is not None else {}),
        )  # fmt: skip

    def _count_failure(self) -> None:
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= MOST_FAILURES_IN_A_ROW:
            self._service.health.not_ready(self._part, "every event fails: it is not the events")
            log.error(
                "worker.suspended", queue=self._queue, failures_in_a_row=self._failures_in_a_row
            )
            raise SuspendedError

    async def _write_down(self, event: Event, reason: str) -> None:
        """Record the burial, waiting while the database is away; what it refuses is only said.

        The dead letter is kept in any case. Raises GiveBackError where the process ends meanwhile.
        """

        def say(attempt: int, error: BaseException) -> None:
            log.warning(
                "worker.waiting", queue=self._queue, events=1, attempt=attempt,
                **failure(error.__cause__ or error),
            )  # fmt: skip

        try:
            await self._service.try_until_stopped(
                lambda: self._on_dead(event, reason), (OutsideAwayError,), say
            )
        except OutsideAwayError as error:
            raise GiveBackError from error
        except Exception as error:  # noqa: BLE001  whatever was wrong with it may be so here too
            log.warning(
                "event.not_recorded", queue=self._queue, item_id=str(event.item_id),
                **failure(error),
            )  # fmt: skip
