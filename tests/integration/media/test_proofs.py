"""A file can end the process that looks into it, and nothing else."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from shared.errors import OutsideAwayError
from shared.media.formats.format import Verdict
from shared.media.formats.registry import choose_formats
from shared.media.proofs import PROOFS_AT_ONCE, TRIES, Proofs
from shared.media.prover import MOST_BYTES
from tests import media_files
from tests.eventually import eventually
from tests.servers import ROOT

FORMATS = choose_formats(["pdf", "jpg", "bmp", "xml", "oga", "mp4"])


@pytest.fixture
async def proofs() -> AsyncIterator[Proofs]:
    async with Proofs(FORMATS) as proofs:
        yield proofs
    left = provers()
    for one in left:
        one.kill()  # so that the next test does not find it
    assert left == []


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A file whose proof never ends: nobody writes into it."""
    path = tmp_path / "endless"
    os.mkfifo(path)
    return path


def provers() -> list[psutil.Process]:
    found = []
    for one in psutil.Process().children():
        # One that has just been killed may end between any two questions about it.
        with suppress(psutil.NoSuchProcess):
            if one.status() != psutil.STATUS_ZOMBIE and "shared.media.prover" in one.cmdline():
                found.append(one)
    return found


async def a_prover(besides: Collection[int] = ()) -> psutil.Process:
    """Wait for a prover with another process id."""

    async def running() -> psutil.Process:
        (one,) = [one for one in provers() if one.pid not in besides]
        return one

    return await eventually(running)


async def begun(endless: Path) -> int:
    """Wait until somebody reads the pipe, and give its other end, into which nothing is written."""

    async def open_it() -> int:
        return os.open(endless, os.O_WRONLY | os.O_NONBLOCK)

    return await eventually(open_it)


def oom_score(process: psutil.Process) -> int:
    return int(Path(f"/proc/{process.pid}/oom_score_adj").read_text(encoding="ascii"))


@pytest.mark.parametrize(("name", "content"), media_files.accepted().items())
async def test_a_good_file_is_proved(
    proofs: Proofs, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / "file").write_bytes(content)

    judged = await proofs.judge(tmp_path / "file")

    assert judged.verdict is Verdict.PROVED
    assert judged.format is not None
    assert judged.format.name == name


async def test_many_files_share_a_few_processes(proofs: Proofs, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(media_files.small_docx())

    judged = await asyncio.gather(*(proofs.judge(tmp_path / "file") for _ in range(20)))

    assert {one.verdict for one in judged} == {Verdict.OTHER}
    assert len(provers()) == PROOFS_AT_ONCE


async def test_a_file_that_ends_its_process_twice_is_damaged_and_no_other_is(
    proofs: Proofs, tmp_path: Path, endless: Path
) -> None:
    (tmp_path / "good").write_bytes(media_files.small_pdf())
    judging = asyncio.create_task(proofs.judge(endless))
    seen: set[int] = set()
    for _ in range(TRIES):
        stuck = await a_prover(besides=seen)
        writer = await begun(endless)
        assert (await proofs.judge(tmp_path / "good")).verdict is Verdict.PROVED, "beside it"
        seen |= {one.pid for one in provers()}
        stuck.kill()
        os.close(writer)

    assert (await judging).verdict is Verdict.DAMAGED
    assert (await proofs.judge(tmp_path / "good")).verdict is Verdict.PROVED


async def test_a_file_that_cannot_be_read_is_not_refused_for_it(
    proofs: Proofs, tmp_path: Path
) -> None:
    with pytest.raises(OutsideAwayError):
        await proofs.judge(tmp_path / "nothing")

    (tmp_path / "file").write_bytes(media_files.small_pdf())
    assert (await proofs.judge(tmp_path / "file")).verdict is Verdict.PROVED


async def test_where_no_prover_starts_no_file_is_refused(
    proofs: Proofs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(media_files.small_pdf())
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(OutsideAwayError):
        await proofs.judge(tmp_path / "file")

    monkeypatch.undo()
    assert (await proofs.judge(tmp_path / "file")).verdict is Verdict.PROVED


async def test_who_is_not_waited_for_any_more_is_ended(
    proofs: Proofs, tmp_path: Path, endless: Path
) -> None:
    (tmp_path / "file").write_bytes(media_files.small_pdf())
    for _ in range(PROOFS_AT_ONCE + 1):
        judging = asyncio.create_task(proofs.judge(endless))
        writer = await begun(endless)
        judging.cancel()
        await asyncio.gather(judging, return_exceptions=True)
        os.close(writer)

    assert (await proofs.judge(tmp_path / "file")).verdict is Verdict.PROVED


async def test_no_file_gets_the_verdict_of_one_that_is_not_waited_for_any_more(
    proofs: Proofs, tmp_path: Path, endless: Path
) -> None:
    (tmp_path / "file").write_bytes(media_files.small_pdf())
    judging = asyncio.create_task(proofs.judge(endless))
    writer = await begun(endless)
    judging.cancel()
    await asyncio.gather(judging, return_exceptions=True)
    # Whoever still looks into it comes to an end with another verdict.
    (tmp_path / "word").write_bytes(media_files.small_docx())
    (tmp_path / "word").rename(endless)
    os.close(writer)

    assert (await proofs.judge(tmp_path / "file")).verdict is Verdict.PROVED


async def test_a_prover_has_limits_and_goes_first(proofs: Proofs, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(media_files.small_pdf())
    await proofs.judge(tmp_path / "file")

    (prover,) = provers()

    assert prover.rlimit(psutil.RLIMIT_DATA) == (MOST_BYTES, MOST_BYTES)
    assert oom_score(prover) == 1000


async def test_a_proof_that_takes_too_long_ends_its_process(endless: Path) -> None:
    code = "from shared.media import prover; prover.PROOF_SECONDS = 1; prover.main()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, "pdf", cwd=ROOT, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip

    await asyncio.wait_for(process.communicate(f"{endless}\n".encode()), 15)

    assert process.returncode == -signal.SIGALRM


def bombs() -> dict[str, bytes]:
    """Small files that a parser turns into much memory or much time."""
    uri, attributes = b"u" * 900_000, b" ".join(b"b%d CDATA #IMPLIED" % n for n in range(50_000))
    return {
        "namespace": b'<r xmlns:p="%s">' % uri + b"".join(b"<p:a%d/>" % n for n in range(5_000)),
        "declared attributes": b"<!DOCTYPE r [<!ATTLIST a %s>]><r>" % attributes + b"<a/>" * 20_000,
        "long names": b"<r>" + b"".join(b"<n%d%s/>" % (n, b"x" * 900_000) for n in range(30)),
    }


@pytest.mark.parametrize("content", bombs().values(), ids=bombs())
async def test_a_bomb_costs_neither_memory_nor_time(
    proofs: Proofs, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "bomb").write_bytes(content)

    async with asyncio.timeout(15):
        judged = await proofs.judge(tmp_path / "bomb")

    assert judged.verdict is Verdict.OTHER
    (prover,) = provers()
    assert most_memory(prover) < 64 * 1024, "kB"


def most_memory(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])
