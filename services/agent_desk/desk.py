"""What every handler of the desk needs, and where it finds it."""

from dataclasses import dataclass

from aiohttp import web

from services.agent_desk.settings import Settings
from shared.database.pool import Pool


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of a running desk."""

    pool: Pool
    settings: Settings


DESK = web.AppKey("desk", Desk)
AGENT = web.RequestKey("agent", str)
