"""Agents who send files."""

import io
from typing import Any

import aiohttp

from tests.system import ADMIN_TOKEN, System

ANY = "application/octet-stream"
AUTHORIZED = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


async def answer_with_files(
    system: System, number: str, *files: tuple[str, bytes], text: str | None = None
) -> tuple[int, Any]:
    """Answer a ticket with files, each a name and its bytes; give the status and the JSON."""
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    if text is not None:
        form.add_field("text", text)
    for name, content in files:
        form.add_field("file", io.BytesIO(content), filename=name, content_type=ANY)
    url = f"{system.desk_url}/tickets/{number}/messages"
    async with system.http.post(url, data=form, headers=AUTHORIZED) as answer:
        return answer.status, await answer.json(content_type=None)
