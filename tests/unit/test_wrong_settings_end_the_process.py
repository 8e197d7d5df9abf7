"""A process with a wrong setting ends at once, with one line that names it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.worker import CONFIGURATION_EXIT
from tests.servers import ROOT
from tests.unit.settings import ALL, READS, REQUIRED, RIGHT, SECRET, WRONG

# Every value is tried in `test_settings`; here one of each, as processes.
SEVERAL_AT_ONCE = 4


async def _run(environment: dict[str, str], *command: str) -> tuple[int, list[dict[str, Any]]]:
    """Run a service that should end by itself; give its exit code and its lines."""
    inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", *command),
        cwd=ROOT,
        env={**inherited, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(30):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, [json.loads(line) for line in output.splitlines()]


def _cases() -> list[tuple[str, str, str | None]]:
    """Give service, variable and value; None: the variable is missing."""
    cases: list[tuple[str, str, str | None]] = []
    for service, names in READS.items():
        # What all read in the same place is tried with one of them.
        for name in sorted(names | (ALL if service == "scheduler" else frozenset())):
            secret = next((value for value in WRONG[name] if SECRET in value), WRONG[name][-1])
            cases.append((service, name, secret.replace("\x00", "\x01")))
        required = sorted(names & REQUIRED)
        cases += [(service, name, None) for name in required[:1]]
    return cases


async def test_a_wrong_setting_of_each_variable_ends_the_process_and_names_it() -> None:
    several = asyncio.Semaphore(SEVERAL_AT_ONCE)

    async def check(service: str, name: str, value: str | None) -> str | None:
        environment = {key: text for key, text in RIGHT.items() if key != name}
        if value is not None:
            environment[name] = value
        async with several:
            code, lines = await _run(environment, f"services.{service}")
        events = [line["event"] for line in lines]
        if (code, events) != (CONFIGURATION_EXIT, ["configuration.invalid"]):
            return f"{service} {name}: exit {code}, {lines}"
        told = name in lines[0]["reason"] and SECRET not in json.dumps(lines)
        return None if told else f"{service} {name}: {lines}"

    wrong = await asyncio.gather(*(check(*case) for case in _cases()))

    assert [one for one in wrong if one] == []


@pytest.mark.parametrize("value", [None, f"ftp://u:{SECRET}@h/"])
async def test_so_does_an_operators_command(value: str | None) -> None:
    environment = {} if value is None else {"DATABASE_URL": value}

    code, lines = await _run(environment, "services.operations", "migrate")

    assert (code, [line["event"] for line in lines]) == (2, ["configuration.invalid"])
    assert "DATABASE_URL" in lines[0]["reason"]
    assert SECRET not in json.dumps(lines)


async def test_a_mistake_in_the_texts_is_told_with_file_and_line(tmp_path: Path) -> None:
    texts = tmp_path / "texts.toml"
    texts.write_text('opening = "{number}"\n', encoding="utf-8")

    code, lines = await _run({**RIGHT, "TEXTS_FILE": str(texts)}, "services.ticket_router")

    assert (code, len(lines)) == (2, 1)
    assert f"{texts}, line 1: opening" in lines[0]["reason"]
