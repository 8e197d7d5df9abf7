"""Requests as bytes: a client library would refuse to send half of them, and is slower."""

import asyncio
import re
from types import TracebackType
from typing import Self

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class RawConnection:
    """One connection that is kept open, and opened again where the server ends it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._end()

    async def post(self, path: str, head: bytes, body: bytes) -> tuple[int, bytes]:
        """Give status and body of the answer; 0 where there was none."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        start = f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n".encode()
        try:
            writer.write(start + head + b"\r\n" + body)
            await writer.drain()
            answer = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(answer)
            text = await reader.readexactly(int(length[1]) if length else 0)
        except (OSError, asyncio.IncompleteReadError):
            self._end()
            return 0, b""
        if b"onnection: close" in answer:
            self._end()
        return int(answer[9:12]), text

    def _end(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
