"""A session with the Graph API, and how it words a refusal."""

from types import TracebackType
from typing import Any, Self

import aiohttp

from shared.whatsapp.error_codes import Rule, rule_of
from shared.whatsapp.json_parts import read_json


class GraphSession:
    """Posts to one address with the token, which follows no redirect; used in `async with`."""

    def __init__(self, url: str, access_token: str, timeout: aiohttp.ClientTimeout) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {access_token}"}
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=self._timeout, connector=aiohttp.TCPConnector(limit=0)
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, **body: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401  aiohttp's
        """Give the answer's status and its JSON object, empty where it is none.

        `body` is `json` or `data`. Raises what aiohttp does: ClientError, OSError, TimeoutError.
        """
        if self._session is None:
            raise RuntimeError(f"{type(self).__name__} is used outside its `async with`")
        async with self._session.post(
            self._url, headers=self._headers, allow_redirects=False, **body
        ) as answer:
            told = read_json(await answer.read())
            return answer.status, told if isinstance(told, dict) else {}


def read_refusal(status: int, told: dict[str, Any]) -> tuple[Rule, int] | None:
    """Give the rule and the code of a refusal; None where the API itself says nothing."""
    error = told.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(error, dict) or not isinstance(code, int):
        return None
    return rule_of(code, status, error.get("error_subcode")), code
