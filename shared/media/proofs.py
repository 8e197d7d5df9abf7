"""Have files judged in processes of their own, so that none of them can harm the worker."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from shared.errors import OutsideAwayError
from shared.log import log
from shared.media.formats.format import Format, Verdict
from shared.media.judge_file import Judged
from shared.media.prover import READY, UNREADABLE

PROOFS_AT_ONCE = 2
# A process may have ended for another reason; the same file twice is the file's fault.
TRIES = 2

_Process = asyncio.subprocess.Process


class Proofs:
    """A few provers, started when they are needed and again when a file has ended one."""

    def __init__(self, formats: Sequence[Format]) -> None:
        self._formats = {one.name: one for one in formats}
        self._slots: asyncio.LifoQueue[_Process | None] = asyncio.LifoQueue()
        for _ in range(PROOFS_AT_ONCE):
            self._slots.put_nowait(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        while not self._slots.empty():
            if (process := self._slots.get_nowait()) is not None:
                await _end(process)

    async def judge(self, path: Path) -> Judged:
        """Judge a file that any process of this user can open at `path`.

        One that ends two provers is DAMAGED: what cannot be examined is not taken. Raises
        OutsideAwayError where it is not the file: it cannot be read, or no prover starts.
        """
        async with self._prover() as slot:
            for attempt in range(1, TRIES + 1):
                if slot.process is None:
                    slot.process = await self._start()
                words = await _ask(slot.process, path)
                if words == [UNREADABLE]:
                    raise OutsideAwayError("the file cannot be read")
                if words:
                    return Judged(Verdict(words[0]), self._formats.get("".join(words[1:])))
                status = await _end(slot.process)
                slot.process = None
                log.warning("media.prover_ended", attempt=attempt, status=status)
        return Judged(Verdict.DAMAGED, None)

    @asynccontextmanager
    async def _prover(self) -> AsyncIterator["_Slot"]:
        """Lend a place; a prover that is not at rest when it is given back is ended."""
        slot = _Slot(await self._slots.get())
        try:
            yield slot
        except BaseException:
            if slot.process is not None:
                await _end(slot.process)
                slot.process = None
            raise
        finally:
            self._slots.put_nowait(slot.process)

    async def _start(self) -> _Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "shared.media.prover", *self._formats,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # a traceback may quote what a file holds
        )  # fmt: skip
        try:
            ready = process.stdout is not None and await process.stdout.readline()
        except BaseException:
            await _end(process)
            raise
        if ready != f"{READY}\n".encode():
            await _end(process)
            raise OutsideAwayError("no prover starts")
        return process


class _Slot:
    """A place among the provers, which may have none yet."""

    def __init__(self, process: _Process | None) -> None:
        self.process = process


async def _ask(process: _Process, path: Path) -> list[str]:
    """Give the words of the answer; none where the process has ended."""
    if process.stdin is None or process.stdout is None:
        return []
    try:
        process.stdin.write(f"{path}\n".encode())
        await process.stdin.drain()
        return (await process.stdout.readline()).decode().split()
    except (ConnectionError, RuntimeError):
        return []


async def _end(process: _Process) -> int:
    if process.returncode is None:
        process.kill()
    return await process.wait()
