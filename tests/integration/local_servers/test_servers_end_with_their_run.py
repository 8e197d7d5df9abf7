"""What a run started ends with it, however the run ends."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.answering import tcp_answers
from deploy.local.processes import identify, is_running, send
from deploy.local.servers import NAMES_FOR_RUNNING, local_servers
from deploy.local.started import Started, read_started
from tests.integration.local_servers.runs import Run, state_files

StartRun = Callable[..., Run]
Eventually = Callable[[Callable[[], None]], None]


def test_a_run_that_ends_leaves_nothing(start_run: StartRun) -> None:
    run = start_run()
    assert len(run.processes) > 2

    run.process.communicate()

    assert run.process.returncode == 0
    run.assert_nothing_is_left()


def test_an_exception_ends_the_servers(postgres_alone: None, tmp_path: Path) -> None:
    def fail_with_servers() -> None:
        with local_servers(tmp_path, NAMES_FOR_RUNNING, print):
            started.append(read_started(state_files(tmp_path)[0]))
            raise ZeroDivisionError

    started: list[Started] = []
    with pytest.raises(ZeroDivisionError):
        fail_with_servers()

    assert not any(is_running(process.identity) for process in started[0].processes)
    assert state_files(tmp_path) == []


def test_ctrl_c_reaches_the_run_and_not_its_servers(start_run: StartRun) -> None:
    run = start_run()

    os.killpg(run.process.pid, signal.SIGINT)

    assert run.next_line() == {"answers_after_ctrl_c": True}
    run.process.communicate()
    run.assert_nothing_is_left()


def test_ctrl_c_twice_leaves_nothing(start_run: StartRun, eventually: Eventually) -> None:
    run = start_run()

    os.killpg(run.process.pid, signal.SIGINT)
    run.next_line()
    os.killpg(run.process.pid, signal.SIGINT)
    run.process.communicate()

    eventually(run.assert_nothing_is_left)


def test_kill_9_of_the_run_leaves_nothing(start_run: StartRun, eventually: Eventually) -> None:
    run = start_run()

    run.process.kill()

    eventually(run.assert_nothing_is_left)


def test_the_servers_end_while_a_forked_child_of_the_run_holds_its_pipes(
    start_run: StartRun, eventually: Eventually
) -> None:
    run = start_run("--fork")
    child = identify(run.next_line()["child"])
    assert child is not None

    run.process.kill()

    eventually(run.assert_nothing_is_left)
    assert is_running(child)
    send(child, signal.SIGKILL)


def test_a_run_whose_guardian_was_killed_clears_up_itself(start_run: StartRun) -> None:
    run = start_run()
    send(run.started.guardian, signal.SIGKILL)
    assert tcp_answers("127.0.0.1", run.port)

    run.process.communicate()

    run.assert_nothing_is_left()


def test_the_next_run_clears_what_a_killed_guardian_left(
    start_run: StartRun, eventually: Eventually
) -> None:
    stale = start_run()
    send(stale.started.guardian, signal.SIGKILL)
    stale.process.kill()
    assert tcp_answers("127.0.0.1", stale.port)

    fresh = start_run()

    def only_the_fresh_one_is_left() -> None:
        assert not any(is_running(process) for process in stale.processes)
        assert not any(Path(folder).exists() for folder in stale.started.folders)
        assert len(state_files(stale.root)) == 1

    eventually(only_the_fresh_one_is_left)
    assert not tcp_answers("127.0.0.1", stale.port)
    assert tcp_answers("127.0.0.1", fresh.port)


def test_a_run_leaves_another_run_of_its_checkout_alone(start_run: StartRun) -> None:
    first = start_run()

    second = start_run()
    second.process.communicate()

    assert all(is_running(process) for process in first.processes)
    assert tcp_answers("127.0.0.1", first.port)
