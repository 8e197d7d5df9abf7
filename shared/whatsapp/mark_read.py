"""Tell WhatsApp that a message of a contact was read, and with it those before it.

Unlike a message it can be told any number of times, so a lost answer is no more than a failure.
"""

from dataclasses import dataclass

import aiohttp

from shared.whatsapp.error_codes import RETRY, Rule
from shared.whatsapp.graph_session import GraphSession, read_refusal

MARK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Marked:
    """WhatsApp has noted it."""


@dataclass(frozen=True, slots=True)
class NotMarked:
    """WhatsApp has not, or nobody knows."""

    rule: Rule
    status: int
    """HTTP's; 0 without an answer."""
    code: int | None
    """Meta's; None where the answer is not the API's own."""


class ReadMarksApi(GraphSession):
    """A session with the Graph API of its own, so that no message waits for its connections."""

    def __init__(self, graph_url: str, access_token: str, phone_number_id: str) -> None:
        timeout = aiohttp.ClientTimeout(total=MARK_SECONDS)
        super().__init__(f"{graph_url}/{phone_number_id}/messages", access_token, timeout)

    async def mark_read(self, wamid: str) -> Marked | NotMarked:
        """Mark a contact's message, of the last 30 days, and all before it as read.

        Never raises for what the network does. A wamid that WhatsApp does not know is 131009; no
        address is needed (Meta, mark messages as read, 2025-11).
        """
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
        try:
            status, told = await self._post(json=body)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return NotMarked(RETRY, 0, None)
        if told.get("success") is True:
            return Marked()
        refusal = read_refusal(status, told)
        if refusal is None:
            return NotMarked(RETRY, status, None)
        rule, code = refusal
        return NotMarked(rule, status, code)
