"""A broker that is half up is an outage, in whatever way aiormq tells it."""

from typing import Any

import aio_pika
import pytest

from shared.broker.connect import connection_for
from shared.service import Service


@pytest.mark.parametrize("told", [StopAsyncIteration, ConnectionResetError, TimeoutError])
async def test_one_that_ends_the_connection_while_it_is_opened_is_asked_again(
    amqp_url: str, told: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = aio_pika.connect
    refusals = [told(), told()]

    async def connect_at_last(*arguments: Any, **options: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return await connect(*arguments, **options)

    monkeypatch.setattr(aio_pika, "connect", connect_at_last)

    async with connection_for(amqp_url, "publish", Service()) as connection:
        assert connection is not None
        assert refusals == []
