"""A broker out of memory blocks publishers; consuming goes on. It has a RabbitMQ of its own."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.guardian import Guardian
from deploy.local.installed_servers import find_rabbit
from deploy.local.private_rabbit import PrivateRabbit
from shared.broker import publish as publishing_module
from shared.broker.topology import TICKET_ROUTER
from shared.errors import OutsideAwayError
from tests.eventually import eventually
from tests.faults.envelopes import envelope_of, event_of, publish
from tests.integration.broker.conftest import Worker, working
from tests.integration.broker.test_consume import expect_handled, names
from tests.integration.broker.test_publish import EVENT, goes_through

pytestmark = pytest.mark.skipif(find_rabbit() is None, reason="RabbitMQ is not installed here")

OUT_OF_MEMORY = "vm_memory_high_watermark.absolute = 1MB\n"


@pytest.fixture
def rabbit(tmp_path: Path) -> Iterator[PrivateRabbit]:
    with Guardian(tmp_path) as guardian:
        rabbit = PrivateRabbit(guardian)
        rabbit.start()
        yield rabbit


async def restart(rabbit: PrivateRabbit, *, out_of_memory: bool) -> None:
    """Restart it with an alarm, or without."""
    settings = rabbit._folder / "rabbitmq.conf"
    text = settings.read_text(encoding="utf-8").replace(OUT_OF_MEMORY, "")
    settings.write_text(text + OUT_OF_MEMORY * out_of_memory, encoding="utf-8")
    await asyncio.to_thread(rabbit.stop)
    await asyncio.to_thread(rabbit.start)


async def test_while_the_broker_is_blocked_publishing_fails_in_time_and_consuming_goes_on(
    rabbit: PrivateRabbit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing_module, "CONFIRM_SECONDS", 1.0)
    worker = Worker(rabbit.url)
    await publish(rabbit.url, [envelope_of([event_of("34600111222", one)]) for one in names(5)])
    await restart(rabbit, out_of_memory=True)

    async with working(worker):
        await expect_handled(worker, names(5))
        for _ in range(2):
            with pytest.raises(OutsideAwayError):
                await asyncio.wait_for(worker.publisher.publish(TICKET_ROUTER, [EVENT], ""), 3)

        # What was published meanwhile may have been stored: who publishes again makes duplicates.
        await restart(rabbit, out_of_memory=False)
        await eventually(lambda: goes_through(worker.publisher))

        async def consumed() -> None:
            assert worker.handled[0] == "Hola"
            assert worker.service.health.trouble == {}

        await eventually(consumed)
