"""ClamAV's daemon, real and out of order: a file is clean only where it said so."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared.media import antivirus as module
from shared.media.antivirus import Antivirus, AntivirusAwayError, NoVerdictError
from shared.service import Service
from tests.clamd import EICAR, FOUND, LOCALHOST, Clamd
from tests.eventually import eventually

MEGABYTE = 2**20


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"nothing bad")
    return path


def fill(path: Path, content: bytes) -> None:
    path.write_bytes(content)


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A file that comes as a test writes it."""
    path = tmp_path / "slow"
    os.mkfifo(path)
    return path


async def begin(slow: Path) -> int:
    """Wait until the file is being sent, and give its other end; a first piece has gone."""

    async def open_it() -> int:
        return os.open(slow, os.O_WRONLY | os.O_NONBLOCK)

    writer = await eventually(open_it)
    await write(writer, 1)
    return writer


async def write(writer: int, megabytes: int) -> None:
    os.set_blocking(writer, True)
    for _ in range(megabytes):
        await asyncio.to_thread(os.write, writer, b"x" * MEGABYTE)


@asynccontextmanager
async def answering(words: bytes) -> AsyncIterator[Antivirus]:
    """Something that answers every PING rightly, and every file with these words."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = await reader.readuntil(b"\0")
        writer.write(b"PONG\0" if command == b"zPING\0" else words)
        await reader.read(MEGABYTE)
        writer.close()

    server = await asyncio.start_server(serve, LOCALHOST, 0)
    async with server:
        yield Antivirus(server.sockets[0].getsockname(), Service())


@pytest.mark.parametrize("before", [0, 1, 1000, 300_000, 20 * MEGABYTE], ids=str)
async def test_what_the_daemon_finds_has_a_name(clamd: Clamd, file: Path, before: int) -> None:
    antivirus = Antivirus(clamd.address, Service())
    size = before + len(EICAR)
    fill(file, b"x" * before)
    assert await antivirus.scan(file, before) is None

    fill(file, b"x" * before + EICAR)

    assert await antivirus.scan(file, size) == FOUND


async def test_many_at_once_get_a_verdict_each(clamd: Clamd, tmp_path: Path) -> None:
    antivirus = Antivirus(clamd.address, Service())
    paths = [tmp_path / f"file {number}" for number in range(30)]
    for number, path in enumerate(paths):
        path.write_bytes(b"%d" % number + (EICAR if number % 3 == 0 else b"") + b"x" * 10_000)

    found = await asyncio.gather(*(antivirus.scan(path, 10_000) for path in paths))

    assert found == [FOUND if number % 3 == 0 else None for number in range(30)]


async def test_a_daemon_that_is_not_there_says_nothing_is_clean(clamd: Clamd, file: Path) -> None:
    await clamd.kill()
    service = Service()
    antivirus = Antivirus(clamd.address, service)

    with pytest.raises(AntivirusAwayError):
        await antivirus.scan(file, 1)
    assert "antivirus" in service.health.trouble

    await clamd.start()
    assert await antivirus.scan(file, 1) is None
    assert service.health.trouble == {}


async def test_a_daemon_that_dies_while_it_is_given_a_file_gave_no_verdict(
    clamd: Clamd, slow: Path
) -> None:
    scanning = asyncio.create_task(Antivirus(clamd.address, Service()).scan(slow, 1))
    writer = await begin(slow)

    await clamd.kill()
    with pytest.raises(BrokenPipeError):
        await write(writer, 20)

    with pytest.raises(AntivirusAwayError):
        await scanning
    os.close(writer)


async def test_a_daemon_that_freezes_is_not_waited_for_long(
    clamd: Clamd, slow: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where it has half of a file, nor where it is asked for the first time."""
    monkeypatch.setattr(module, "SCAN_SECONDS", 1.0)
    monkeypatch.setattr(module, "WORD_SECONDS", 0.5)
    antivirus = Antivirus(clamd.address, Service())
    scanning = asyncio.create_task(antivirus.scan(slow, 1))
    writer = await begin(slow)
    clamd.signal(signal.SIGSTOP)

    # More than the connection's buffers hold: it cannot even be closed orderly.
    with pytest.raises(BrokenPipeError):
        await write(writer, 100)
    async with asyncio.timeout(10):
        with pytest.raises(AntivirusAwayError):
            await scanning
        with pytest.raises(AntivirusAwayError):
            await antivirus.scan(file, 1)

    os.close(writer)
    clamd.signal(signal.SIGCONT)
    assert await antivirus.scan(file, 1) is None


async def test_a_scan_that_takes_too_long_is_the_files_matter_where_the_daemon_answers(
    clamd: Clamd, slow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SCAN_SECONDS", 1.0)
    service = Service()
    antivirus = Antivirus(clamd.address, service)
    scanning = asyncio.create_task(antivirus.scan(slow, 1))
    writer = await begin(slow)

    async with asyncio.timeout(10):
        with pytest.raises(NoVerdictError):
            await scanning

    os.close(writer)
    assert "antivirus" not in service.health.trouble
    assert "antivirus verdict" in service.health.trouble


@pytest.mark.parametrize("size", [MEGABYTE + 1, 2 * MEGABYTE, 30 * MEGABYTE], ids=str)
async def test_a_file_that_is_too_long_for_the_daemon_is_not_clean_and_is_told(
    clamd: Clamd, file: Path, size: int
) -> None:
    await clamd.kill()
    await clamd.start(StreamMaxLength="1M")
    service = Service()
    antivirus = Antivirus(clamd.address, service)
    fill(file, bytes(size))

    with capture_logs() as lines, pytest.raises(NoVerdictError):
        await antivirus.scan(file, size)

    assert [(one["size"], one["log_level"]) for one in lines] == [(size, "error")]
    assert "antivirus verdict" in service.health.trouble
    fill(file, b"small")
    assert await antivirus.scan(file, 5) is None
    assert "antivirus verdict" in service.health.trouble, "it still would not take a large one"
    await clamd.kill()
    await clamd.start()
    fill(file, bytes(size))
    assert await antivirus.scan(file, size) is None
    assert service.health.trouble == {}


async def test_what_the_daemon_looked_into_in_part_only_is_not_called_clean(
    clamd: Clamd, file: Path
) -> None:
    """AlertExceedsMax of deploy/clamav/clamd.conf: without it the answer is OK."""
    await clamd.kill()
    await clamd.start(MaxFileSize="1M")
    fill(file, bytes(2 * MEGABYTE) + EICAR)

    found = await Antivirus(clamd.address, Service()).scan(file, 2 * MEGABYTE)

    assert found is not None
    assert found.startswith("Heuristics.Limits.Exceeded")


@pytest.mark.parametrize(
    "words",
    [b"stream: Can't allocate memory ERROR\0", b"UNKNOWN COMMAND\0", b"stream: \0", b"OK\0", b"\0",
     b"stream: OK", b"", b"stream: OK\nstream: X FOUND\0", b"x" * MEGABYTE, b"\xff\0"],
    ids=lambda words: repr(words[:20]),
)  # fmt: skip
async def test_no_other_answer_passes_for_clean(file: Path, words: bytes) -> None:
    async with answering(words) as antivirus:
        with capture_logs() as lines, pytest.raises(NoVerdictError):
            await antivirus.scan(file, 11)

    assert [one["event"] for one in lines] == ["antivirus.no_verdict"]


async def test_whatever_else_listens_there_is_no_antivirus(
    file: Path, unused_tcp_port: int
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n\0")
        writer.close()

    service = Service()
    async with await asyncio.start_server(serve, LOCALHOST, unused_tcp_port):
        with pytest.raises(AntivirusAwayError):
            await Antivirus((LOCALHOST, unused_tcp_port), service).scan(file, 1)

    assert "antivirus" in service.health.trouble


async def test_the_beginning_and_the_end_of_an_outage_are_said_once(
    clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.01)
    service = Service()
    rounds = 0
    check = Antivirus.check

    async def count(self: Antivirus) -> None:
        nonlocal rounds
        rounds += 1
        await check(self)

    async def many(more: int) -> None:
        seen = rounds

        async def passed() -> None:
            assert rounds > seen + more

        await eventually(passed)

    monkeypatch.setattr(Antivirus, "check", count)
    with capture_logs() as lines:
        watching = asyncio.create_task(Antivirus(clamd.address, service).watch())
        await many(3)
        assert service.health.trouble == {}
        await clamd.kill()
        await many(3)
        assert "antivirus" in service.health.trouble
        monkeypatch.setattr(Antivirus, "check", check)
        await clamd.start()

        async def well() -> None:
            assert service.health.trouble == {}

        await eventually(well)
        service.stopping.set()
        await watching

    said = [one["event"] for one in lines]
    assert said == ["antivirus.unavailable", "antivirus.answers"]
