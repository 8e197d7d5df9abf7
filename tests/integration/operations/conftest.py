"""An operator: calls commands, and sees what they print and how they end."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from tests.servers import ROOT


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    text: str
    errors: str


@dataclass
class Operator:
    """Calls `python -m services.operations …`."""

    environment: dict[str, str]
    started: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(
        self, *arguments: object, program: Sequence[str] = ("-m", "services.operations")
    ) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *program, *map(str, arguments)),
            cwd=ROOT,
            env={**os.environ, "LOG_FORMAT": "json", **self.environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.started.append(process)
        return process

    async def __call__(self, *arguments: object, text: bytes = b"") -> Answer:
        process = await self.start(*arguments)
        async with asyncio.timeout(60):
            output, errors = await process.communicate(text)
        return Answer(process.returncode or 0, output.decode(), errors.decode())


@pytest.fixture
async def operator(database_url: str, amqp_url: str) -> AsyncIterator[Operator]:
    operator = Operator({"DATABASE_URL": database_url, "AMQP_URL": amqp_url})
    yield operator
    for process in operator.started:
        if process.returncode is None:
            process.kill()
        await process.communicate()
