"""What a newcomer sees of `make run`, and that nothing is left of it."""

import asyncio
import re
import signal
from collections.abc import Iterator
from subprocess import TimeoutExpired

import pytest

from deploy.local.installed_servers import find_postgres, find_rabbit
from deploy.local.processes import ProcessIdentity, identify, send
from tests.end_to_end.runs import Run, start_run, traces
from tests.eventually import eventually

UP = "Ventanilla is up until Ctrl-C"

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def named(database_url: str, amqp_url: str) -> dict[str, str]:
    """Name servers, so that a run need not start its own."""
    return {"DATABASE_URL": database_url, "AMQP_URL": amqp_url}


@pytest.fixture
def run_with_own_servers() -> Iterator[Run]:
    if find_postgres() is None or find_rabbit() is None:
        # Without this, apt would install them.
        pytest.skip("PostgreSQL and RabbitMQ are not installed here")
    with start_run() as run:
        yield run


async def said(run: Run, words: str) -> None:
    async def look() -> None:
        assert run.has_said(words), run.text

    await eventually(look, within=60)


async def exit_code(run: Run) -> int:
    return await asyncio.to_thread(run.process.wait, 45)


def transcript(run: Run) -> list[str]:
    """Give the lines that were read back from phone and desk, without their times."""
    line = re.compile(r"  \d\d:\d\d:\d\d  (phone|desk)\s+(.*)")
    return [f"{found[1]}: {found[2]}" for found in map(line.fullmatch, run.lines) if found]


async def test_the_transcript_shows_the_rules_of_a_ticket(named: dict[str, str]) -> None:
    """R1, R2, R4, R5, R6, R7, R11."""
    with start_run("--once", named=named) as run:
        assert await exit_code(run) == 0, run.text

    lines = transcript(run)
    numbers = list(dict.fromkeys(re.findall(r"\d{4}-\d{6}", "\n".join(lines))))
    assert len(numbers) == 2
    first, second = numbers
    expected = [
        r"phone: Ana writes: .+",
        rf"phone: the desk writes: .*{first}.*",
        rf"desk: ticket {first} is open",
        r"phone: Ana writes: .+",
        rf"desk: ticket {first} has 2 messages .*; the last: .+",
        r"phone: the desk writes: .+",
        r"phone: Ana writes: \[error.pdf\] .+",
        r"desk: error.pdf is accepted as pdf, \d+ bytes; the download gives the same bytes",
        r"phone: Ana writes: \[image\]",
        r"phone: Ana writes: \[informe.docx\]",
        r"phone: Ana writes: \[datos.pdf\]",
        r"desk: a file .* is accepted as jpg, \d+ bytes; the download gives the same bytes",
        r"desk: informe.docx is refused: format",
        r"desk: datos.pdf is refused: format",
        rf"phone: the desk writes: .*{first}.*",
        rf"desk: what the desk sent in ticket {first}: delivered, delivered, delivered",
        rf"desk: what the desk sent in ticket {first}: read, read, read",
        rf"phone: the desk writes: .*{first}.* 5 segundos .*",
        rf"desk: ticket {first} is closing until [\d:]+",
        r"phone: Ana writes: .+",
        rf"desk: ticket {first} has 7 messages .*; the last, written after the closing: .+",
        rf"desk: ticket {first} is closed since [\d:]+",
        r"phone: Ana writes: .+",
        rf"phone: the desk writes: .*{second}.*",
        rf"desk: ticket {second} is open; the one before was {first}",
    ]
    assert len(lines) == len(expected), lines
    for line, pattern in zip(lines, expected, strict=True):
        assert re.fullmatch(pattern, line), line
    assert "5 s here, 30 minutes in production" in run.text
    assert "2 s here, 10 s in production" in run.text
    assert "- informe.docx: formato no permitido" in run.text
    assert "- datos.pdf: formato no permitido" in run.text


async def test_ctrl_c_ends_a_run_and_leaves_no_process_port_or_folder(
    run_with_own_servers: Run,
) -> None:
    run = run_with_own_servers
    await said(run, UP)
    seen = traces(run)
    # The run, two guardians, eight services, PostgreSQL with its children, RabbitMQ.
    assert len(seen.processes) > 12
    assert len(seen.folders) == 2
    assert len(seen.ports) >= 5
    assert len(seen.left()) == len(seen.processes) + len(seen.ports) + len(seen.folders)

    run.press_ctrl_c()

    assert await exit_code(run) == 0, run.text
    assert seen.left() == []
    assert run.started() == []
    assert "ended with code" not in run.text


async def test_a_run_that_is_killed_leaves_no_process_port_or_folder(
    run_with_own_servers: Run,
) -> None:
    run = run_with_own_servers
    await said(run, "Ana writes")
    seen = traces(run)

    run.process.kill()

    async def nothing_is_left() -> None:
        assert seen.left() == []
        assert run.started() == []

    await eventually(nothing_is_left)


async def test_ctrl_c_twice_does_not_wait_for_a_service_that_hangs(named: dict[str, str]) -> None:
    with start_run(named=named) as run:
        await said(run, "Ana writes")
        seen = traces(run)
        send(service(run, "sender"), signal.SIGSTOP)
        run.press_ctrl_c()
        await said(run, "Ctrl-C again ends them at once")

        run.press_ctrl_c()

        assert await asyncio.to_thread(run.process.wait, 15) == 130, run.text
        assert "ending at once" in run.text
        assert seen.left() == []


async def test_a_run_that_was_interrupted_twice_still_ends_after_its_servers(
    run_with_own_servers: Run,
) -> None:
    run = run_with_own_servers
    await said(run, "Ana writes")
    seen = traces(run)
    guardians = {bool(one.folders): one.guardian for one in run.started()}
    guardian, guardian_of_services = guardians[True], guardians[False]
    send(guardian, signal.SIGSTOP)
    run.press_ctrl_c()

    async def only_servers_are_waited_for() -> None:
        assert identify(guardian_of_services.pid) is None

    await eventually(only_servers_are_waited_for)
    run.press_ctrl_c()
    with pytest.raises(TimeoutExpired):
        # As long as it would take to end, if it did not wait for its servers.
        await asyncio.to_thread(run.process.wait, 1)
    send(guardian, signal.SIGCONT)

    assert await exit_code(run) == 130, run.text
    assert seen.left() == []


async def test_ctrl_c_again_and_again_while_servers_start_leaves_nothing(
    run_with_own_servers: Run,
) -> None:
    run = run_with_own_servers

    async def servers_are_starting() -> None:
        (started,) = run.started()
        assert len(started.processes) == 2

    await eventually(servers_are_starting)
    seen = traces(run)

    async def pressing_ends_it() -> None:
        run.press_ctrl_c()
        assert run.process.poll() is not None

    await eventually(pressing_ends_it)

    assert run.process.returncode == 130, run.text
    assert seen.left() == []
    assert run.started() == []


async def test_a_service_that_dies_is_named_with_the_tail_of_its_log(
    named: dict[str, str],
) -> None:
    with start_run(named=named) as run:
        await said(run, "Ana writes")

        send(service(run, "ticket_router"), signal.SIGKILL)

        assert await exit_code(run) == 1, run.text
    assert "ticket_router ended with code -9" in run.text
    assert "--- ticket_router.log" in run.text
    assert "service.started" in run.text


def service(run: Run, name: str) -> ProcessIdentity:
    (identity,) = (
        one.identity for started in run.started() for one in started.processes if one.name == name
    )
    return identity
