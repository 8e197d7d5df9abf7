"""Ask ClamAV's daemon what it finds in a file; see clamd(8) for the few words that it speaks.

Why this is no library: docs/decisions/0026.
"""

import asyncio
import re
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from shared.errors import OutsideAwayError
from shared.log import failure, log
from shared.service import Service

# A word and its answer; a daemon that is there answers in milliseconds, also while it scans.
WORD_SECONDS = 5.0
# One file: the daemon itself gives up after 120 s (MaxScanTime).
SCAN_SECONDS = 180.0
WATCH_SECONDS = 5.0
# Each file that is scanned costs the daemon a thread and a copy on its disk.
SCANS_AT_ONCE = 4
_PIECE_BYTES = 256 * 1024
_LONGEST_NAME = 200
_ANSWER = re.compile(r"stream: (?:OK|(?P<name>.+) FOUND)")

_Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class AntivirusAwayError(OutsideAwayError):
    """The daemon does not answer, or not in time."""


class NoVerdictError(OutsideAwayError):
    """The daemon is there, and says of this file neither that it is clean nor what is in it."""


class Antivirus:
    """ClamAV's daemon at an address."""

    def __init__(self, address: tuple[str, int], service: Service) -> None:
        """Prepare; `address` is a host and a port. Readiness says from now on how the daemon is."""
        self._address = address
        self._service = service
        self._health = service.health
        self._health.not_ready("antivirus", "not asked yet")
        self._room = asyncio.Semaphore(SCANS_AT_ONCE)
        # The smallest file, in bytes, that got no verdict; 0 where there is none.
        self._unjudged = 0

    async def check(self) -> None:
        """Raise AntivirusAwayError where the daemon does not answer; readiness follows."""
        try:
            async with asyncio.timeout(WORD_SECONDS), self._connected() as (reader, writer):
                writer.write(b"zPING\0")
                answer = await _answer(reader)
        except (OSError, TimeoutError) as error:
            self._health.not_ready("antivirus", "the antivirus does not answer")
            raise AntivirusAwayError("the antivirus does not answer") from error
        if answer != "PONG":
            self._health.not_ready("antivirus", "something else answers for the antivirus")
            raise AntivirusAwayError("something else answers for the antivirus")
        self._health.ready("antivirus")

    async def scan(self, path: Path, size: int) -> str | None:
        """Give the name of what was found in a file of `size` bytes, None where it is clean.

        Raises AntivirusAwayError, or NoVerdictError where the daemon is there but did not take the
        file to its end, or answered something else: then nobody knows what is in it.
        """
        await self.check()  # not in the room: who waits for a place would wait for a frozen daemon
        async with self._room:
            try:
                async with asyncio.timeout(SCAN_SECONDS), self._connected() as streams:
                    answer = await _stream(*streams, path)
            except OSError as error:
                # Where a file is too long it breaks off, and its last words rarely arrive.
                await self.check()
                is_late = isinstance(error, TimeoutError)
                reason = "it took too long" if is_late else "it broke off"
                raise self._no_verdict(size, reason) from error
        found = _ANSWER.fullmatch(answer)
        if found is None:
            raise self._no_verdict(size, "it answered an error")
        if size >= self._unjudged:
            self._unjudged = 0
            self._health.ready("antivirus verdict")
        return found["name"] and found["name"][:_LONGEST_NAME]

    async def watch(self) -> None:
        """Keep readiness true, and say when the daemon goes and comes, until the process ends."""
        answered: bool | None = None
        while not self._service.stopping.is_set():
            before, answered = answered, True
            try:
                await self.check()
            except AntivirusAwayError as error:
                answered = False
                if before is not False:
                    log.warning("antivirus.unavailable", **failure(error.__cause__ or error))
            else:
                if before is False:
                    log.info("antivirus.answers")
            await self._service.stopped_within(WATCH_SECONDS)

    def _no_verdict(self, size: int, reason: str) -> NoVerdictError:
        """Tell the operator; readiness stays so until a file as large as this one is judged."""
        self._unjudged = min(size, self._unjudged or size)
        self._health.not_ready("antivirus verdict", "the antivirus is there and judges not all")
        log.error("antivirus.no_verdict", size=size, reason=reason)
        return NoVerdictError(reason)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[_Streams]:
        reader, writer = await asyncio.open_connection(*self._address)
        try:
            yield reader, writer
        finally:
            # To close it orderly would wait for a daemon that may be frozen.
            writer.transport.abort()


async def _stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: Path) -> str:
    """Send a file in pieces, each after its length, and a length of zero at the end."""
    writer.write(b"zINSTREAM\0")
    file = await asyncio.to_thread(path.open, "rb", buffering=0)
    try:
        while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
            writer.write(struct.pack("!L", len(piece)) + piece)
            await writer.drain()
    finally:
        file.close()
    writer.write(struct.pack("!L", 0))
    return await _answer(reader)


async def _answer(reader: asyncio.StreamReader) -> str:
    """Read up to the zero that ends an answer; raise OSError where there is none."""
    try:
        return (await reader.readuntil(b"\0"))[:-1].decode(errors="replace")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ConnectionError("no whole answer") from error
