"""What every handler of the desk needs, and where it finds it."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from services.agent_desk.settings import Settings
from services.agent_desk.watch_changes import ChangeWatch
from shared.database.pool import Pool
from shared.media.proofs import Proofs
from shared.media.store import MediaStore


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of a running desk."""

    pool: Pool
    settings: Settings
    store: MediaStore
    proofs: Proofs
    forms: asyncio.Semaphore
    """Forms with files that are read at once; each takes disk, and memory while it is stored."""
    changes: ChangeWatch
    stopping: asyncio.Event
    document: bytes


DESK = web.AppKey("desk", Desk)
AGENT = web.RequestKey("agent", str)
