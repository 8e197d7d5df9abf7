"""What the use cases of the simulator work on."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from services.whatsapp_simulator.behaviour import Behaviour
from services.whatsapp_simulator.media import Media
from services.whatsapp_simulator.phones import Phones
from services.whatsapp_simulator.settings import Settings
from services.whatsapp_simulator.webhooks import Webhooks


@dataclass(frozen=True)
class Simulator:
    """The whole state, with its clock (Unix seconds) and its two sources of chance."""

    settings: Settings
    behaviour: Behaviour
    phones: Phones
    media: Media
    webhooks: Webhooks
    now: Callable[[], float]
    # Ids must differ between two runs on one database, the order of webhooks must be repeatable.
    ids: random.Random
    chance: random.Random


SIMULATOR = web.AppKey("simulator", Simulator)
