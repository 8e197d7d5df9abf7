"""A TCP proxy whose connections a test can cut, stall and refuse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

CHUNK = 65536


@dataclass
class TcpProxy:
    """Forwards bytes both ways between its own port and a server's."""

    host: str
    port: int
    listening_on: int = 0
    delay: float = 0.0
    """Seconds for which each piece is held back, both ways."""
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Take connections, on the same port as before."""
        self._flowing.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.listening_on)
        self.listening_on = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Reset all connections; new ones are taken."""
        for writer in set(self._writers):
            writer.transport.abort()

    def refuse(self) -> None:
        """Reset all connections and take no new ones."""
        if self._server is not None:
            self._server.close()
        self.cut()

    def stall(self) -> None:
        """Hold all bytes back, both ways, as a link does that is half open."""
        self._flowing.clear()

    def flow(self) -> None:
        """Let what was held back go on."""
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        self._writers -= {writer, far_writer}

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                await self._flowing.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(chunk)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def proxy_to(url: str) -> AsyncIterator[tuple[TcpProxy, str]]:
    """Give a proxy to a server, and the server's URL by way of it."""
    parts = urlsplit(url)
    proxy = TcpProxy(str(parts.hostname), int(str(parts.port)))
    await proxy.listen()
    login = f"{parts.username}:{parts.password}"
    netloc = f"{login}@127.0.0.1:{proxy.listening_on}"
    try:
        yield proxy, urlunsplit(parts._replace(netloc=netloc))
    finally:
        proxy.flow()
        proxy.refuse()
