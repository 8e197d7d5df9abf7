"""Tell WhatsApp that a message of a contact was read, and with it those before it.

Unlike a message it can be told any number of times, so a lost answer is no more than a failure.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp

from shared.whatsapp.error_codes import RETRY, Rule, rule_of
from shared.whatsapp.json_parts import read_json

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


class ReadMarksApi:
    """A session with the Graph API of its own, so that no message waits for its connections."""

    def __init__(self, graph_url: str, access_token: str, phone_number_id: str) -> None:
        self._url = f"{graph_url}/{phone_number_id}/messages"
        self._headers = {"Authorization": f"Bearer {access_token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=MARK_SECONDS))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def mark_read(self, wamid: str) -> Marked | NotMarked:
        """Mark a contact's message, of the last 30 days, and all before it as read.

        Never raises for what the network does. A wamid that WhatsApp does not know is 131009; no
        address is needed (Meta, mark messages as read, 2025-11).
        """
        if self._session is None:
            raise RuntimeError("ReadMarksApi is used outside its `async with`")
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
        try:
            async with self._session.post(
                self._url, json=body, headers=self._headers, allow_redirects=False
            ) as answer:
                return _judge_answer(answer.status, read_json(await answer.read()))
        except (aiohttp.ClientError, OSError, TimeoutError):
            return NotMarked(RETRY, 0, None)


def _judge_answer(status: int, answer: object) -> Marked | NotMarked:
    told = answer if isinstance(answer, dict) else {}
    if told.get("success") is True:
        return Marked()
    error = told.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(error, dict) or not isinstance(code, int):
        return NotMarked(RETRY, status, None)
    return NotMarked(rule_of(code, status, error.get("error_subcode")), status, code)
