"""An operator sees that WhatsApp refuses the number, and lets the channel resume."""

from tests.eventually import eventually
from tests.integration.operations.conftest import Operator
from tests.routing import route
from tests.system import System
from tests.webhooks import text_message


async def test_an_operator_sees_it_and_resumes_it_by_a_command(
    system: System, operator: Operator
) -> None:
    await system.start_all(ticket_router=0, media_validator=0)
    await system.behave(fail_next=[{"code": 131031, "times": 1000}])
    await route(system.database_url, text_message("34600111222", "Hola"))

    async def is_stopped() -> None:
        assert system.events("channel.stopped")

    await eventually(is_stopped)

    shown = await operator("channel", "show")
    assert "the channel is stopped" in shown.text
    assert "WhatsApp's code 131031" in shown.text
    assert "1 messages wait" in shown.text
    await system.behave(fail_next=[])
    resumed = await operator("channel", "resume")

    assert (resumed.code, resumed.text) == (0, "the channel resumes\n")

    async def is_open() -> None:
        shown = await operator("channel", "show")
        assert "the channel is open" in shown.text
        assert "0 messages wait" in shown.text

    await eventually(is_open)
    assert (await operator("channel", "resume")).text == "the channel was not stopped\n"
