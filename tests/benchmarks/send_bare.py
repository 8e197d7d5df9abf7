"""Send to the simulator as somebody who does nothing else: no outbox, no pace, no record."""

import aiohttp

from tests.system import ACCESS_TOKEN, PHONE_NUMBER_ID, System

HEADERS = {"Authorization": f"Bearer {ACCESS_TOKEN}"}


def messages_url(system: System) -> str:
    """Give where the simulator takes messages."""
    return f"{system.simulator_url.removesuffix('/simulator')}/v25.0/{PHONE_NUMBER_ID}/messages"


async def send_bare(session: aiohttp.ClientSession, url: str, number: int) -> None:
    """Send one text to a contact of its own, and read the answer."""
    message = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": f"+3471{number:07}",
        "type": "text",
        "text": {"body": "x", "preview_url": False},
    }
    async with session.post(url, json=message) as answer:
        assert answer.status == 200, await answer.text()
        await answer.read()
