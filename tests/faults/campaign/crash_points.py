"""Named places in the services' code at which a process can be made to die or to freeze.

Names are replaced where they are used, so the services know nothing of it. A place is armed by a
file of its name, whose content is a signal; the first process to reach it takes the file away.
"""

import os
import signal
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

POINTS: dict[str, str] = {
    "before publish": "ingress",
    "after publish before confirm": "ingress",
    "after confirm before 200": "ingress",
    "in the router's transaction": "ticket_router",
    "after commit before the media job": "ticket_router",
    "after commit before ack": "ticket_router",
    "in the tracker's transaction": "status_tracker",
    "after the tracker's commit": "status_tracker",
    "after taking before send": "sender",
    "after send before record": "sender",
    "after store before accept": "media_validator",
    "in the scheduler's transaction": "scheduler",
    "in the desk's transaction": "agent_desk",
}
"""Each point with the service that has it."""


class Armed:
    """The folder in which points are armed; both sides use it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def arm(self, point: str, number: signal.Signals) -> None:
        """Have the next process that comes by get the signal."""
        path = self._path(point)
        path.with_suffix(".new").write_text(str(int(number)))
        path.with_suffix(".new").rename(path)

    def disarm(self, point: str) -> bool:
        """Take the point back; False where a process has come by."""
        try:
            self._path(point).unlink()
        except FileNotFoundError:
            return False
        return True

    def is_armed(self, point: str) -> bool:
        """Tell whether nobody has come by."""
        return self._path(point).exists()

    def reached(self, point: str) -> None:
        """Die or freeze here if the point is armed; one process does, however many come by."""
        path = self._path(point)
        mine = path.with_suffix(f".{os.getpid()}")
        try:
            path.rename(mine)
        except FileNotFoundError:
            return
        os.kill(os.getpid(), int(mine.read_text()))

    def victim_of(self, point: str) -> int:
        """Give the process that came by last."""
        places = sorted(self._folder.glob(f"{self._path(point).name}.[0-9]*"), key=_age)
        return int(places[-1].suffix[1:])

    def _path(self, point: str) -> Path:
        return self._folder / point.replace(" ", "_")


def _age(path: Path) -> float:
    return path.stat().st_mtime


def install(service: str, armed: Armed) -> None:
    """Put the points of a service into its code; nothing of it has run yet."""
    _INSTALL[service](armed)


def _ingress(armed: Armed) -> None:
    webhook: Any = import_module("services.ingress.accept_webhook").AcceptWebhook
    channel: Any = import_module("aiormq.channel").Channel
    publish: Any = webhook._publish
    confirm: Any = channel._on_confirm_frame

    async def publish_and_meet(self: Any, *arguments: Any) -> None:
        armed.reached("before publish")
        await publish(self, *arguments)
        armed.reached("after confirm before 200")

    async def meet_confirm(self: Any, frame: Any) -> None:
        # RabbitMQ has the message and has said so; nobody here knows it yet.
        armed.reached("after publish before confirm")
        await confirm(self, frame)

    webhook._publish = publish_and_meet
    channel._on_confirm_frame = meet_confirm


def _router(armed: Armed) -> None:
    placing: Any = import_module("services.ticket_router.place_messages")
    serve: Any = import_module("services.ticket_router.serve")
    after(placing, "append_messages", armed, "in the router's transaction")
    before(serve, "publish_attachments", armed, "after commit before the media job")
    _before_ack(armed, "after commit before ack")


def _tracker(armed: Armed) -> None:
    tracking: Any = import_module("services.status_tracker.track_statuses")
    after(tracking, "advance_deliveries", armed, "in the tracker's transaction")
    _before_ack(armed, "after the tracker's commit")


def _sender(armed: Armed) -> None:
    api: Any = import_module("shared.whatsapp.send_message").GraphApi
    before(api, "send_text", armed, "after taking before send")
    after(api, "send_text", armed, "after send before record")


def _validator(armed: Armed) -> None:
    validating: Any = import_module("services.media_validator.validate_media")
    after(validating, "store_media", armed, "after store before accept")


def _scheduler(armed: Armed) -> None:
    closing: Any = import_module("services.scheduler.close_due_tickets")
    close = closing.close_tickets

    async def close_and_meet(tx: Any, ticket_ids: Any, by: str) -> int:
        closed: int = await close(tx, ticket_ids, by)
        if closed:
            armed.reached("in the scheduler's transaction")
        return closed

    closing.close_tickets = close_and_meet


def _desk(armed: Armed) -> None:
    answering: Any = import_module("services.agent_desk.answer_contact")
    after(answering, "queue_answer", armed, "in the desk's transaction")


def _before_ack(armed: Armed, point: str) -> None:
    before(import_module("shared.broker.session").Session, "settle", armed, point)


def before(owner: Any, name: str, armed: Armed, point: str) -> None:
    """Put a point before a function's work; where it gets an empty list, it has none."""
    function: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def meet_first(*arguments: Any) -> Any:
        if arguments[-1] != []:
            armed.reached(point)
        return await function(*arguments)

    setattr(owner, name, meet_first)


def after(owner: Any, name: str, armed: Armed, point: str) -> None:
    """Put a point after a function's work; where it gets an empty list, it has none."""
    function: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def meet_last(*arguments: Any) -> Any:
        result = await function(*arguments)
        if arguments[-1] != []:
            armed.reached(point)
        return result

    setattr(owner, name, meet_last)


_INSTALL: dict[str, Callable[[Armed], None]] = {
    "ingress": _ingress,
    "ticket_router": _router,
    "status_tracker": _tracker,
    "sender": _sender,
    "media_validator": _validator,
    "scheduler": _scheduler,
    "agent_desk": _desk,
}
