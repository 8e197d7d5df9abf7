"""A simulator and a desk, both on free ports of this machine."""

import random
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.whatsapp_simulator.serve import build_app
from services.whatsapp_simulator.settings import Settings
from tests.integration.whatsapp_simulator.desk import (
    NOW,
    PHONE_NUMBER_ID,
    SECRET,
    TOKEN,
    Desk,
    Simulator,
)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def simulator(desk: Desk) -> AsyncIterator[Simulator]:
    app = web.Application()
    app.add_routes([web.post("/one", desk.take), web.post("/two", desk.take)])
    async with TestServer(app) as server:
        settings = Settings(
            host="127.0.0.1",
            port=0,
            phone_number_id=PHONE_NUMBER_ID,
            webhook_urls=(str(server.make_url("/one")), str(server.make_url("/two"))),
            access_token=TOKEN,
            app_secret=SECRET,
        )
        simulated = build_app(settings, now=lambda: NOW, ids=random.SystemRandom())
        async with TestClient(TestServer(simulated)) as client:
            yield client
