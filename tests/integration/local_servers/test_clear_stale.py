"""A state file is believed only as far as process numbers can be."""

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.clear_stale import clear_stale
from deploy.local.processes import ProcessIdentity, identify, is_running
from deploy.local.started import (
    Started,
    StartedProcess,
    this_boot,
    this_pid_namespace,
    write_started,
)

LONG_GONE = ProcessIdentity(pid=2**22 + 1, started=1)


@pytest.fixture
def stranger() -> Iterator[ProcessIdentity]:
    """Give a process that is none of ours, or is, as the state file says."""
    with subprocess.Popen(["sleep", "300"]) as process:
        identity = identify(process.pid)
        assert identity is not None
        yield identity
        process.kill()


@pytest.fixture
def state_file(tmp_path: Path) -> Path:
    folder = tmp_path / ".local"
    folder.mkdir()
    return folder / "servers-1-1.json"


def started(process: ProcessIdentity) -> Started:
    return Started(
        owner=LONG_GONE,
        guardian=LONG_GONE,
        boot=this_boot(),
        pid_namespace=this_pid_namespace(),
        processes=[StartedProcess("PostgreSQL", process, signal.SIGKILL)],
    )


def test_a_process_left_behind_is_killed(stranger: ProcessIdentity, state_file: Path) -> None:
    lines: list[str] = []
    write_started(state_file, started(stranger))

    clear_stale(state_file.parent, lines.append)

    assert not is_running(stranger)
    assert not state_file.exists()
    assert lines == ["clearing what an earlier run left: PostgreSQL"]


def test_a_recycled_process_number_is_not_killed(
    stranger: ProcessIdentity, state_file: Path
) -> None:
    earlier = replace(stranger, started=stranger.started - 1)
    write_started(state_file, started(earlier))

    clear_stale(state_file.parent, print)

    assert is_running(stranger)
    assert not state_file.exists()


def test_nothing_is_killed_for_what_was_written_before_the_machine_booted(
    stranger: ProcessIdentity, state_file: Path
) -> None:
    write_started(state_file, replace(started(stranger), boot="an earlier boot"))

    clear_stale(state_file.parent, print)

    assert is_running(stranger)
    assert not state_file.exists()


def test_what_another_container_started_is_left_to_it(
    stranger: ProcessIdentity, state_file: Path
) -> None:
    write_started(state_file, replace(started(stranger), pid_namespace="pid:[1]"))

    clear_stale(state_file.parent, print)

    assert is_running(stranger)
    assert state_file.exists()


def test_a_run_that_outlives_its_guardian_keeps_its_servers(
    stranger: ProcessIdentity, state_file: Path
) -> None:
    with subprocess.Popen(["sleep", "300"]) as run:
        owner = identify(run.pid)
        assert owner is not None
        write_started(state_file, replace(started(stranger), owner=owner))

        clear_stale(state_file.parent, print)

        run.kill()
    assert is_running(stranger)
    assert state_file.exists()


def test_a_folder_that_is_none_of_ours_is_not_removed(state_file: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    folder = tmp_path / "precious"
    folder.mkdir()
    write_started(state_file, replace(started(LONG_GONE), folders=[str(folder)]))

    clear_stale(state_file.parent, lines.append)

    assert folder.exists()
    assert f"{folder} is no folder of ours and stays" in lines


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"guardian": 1}', "\0"])
def test_a_state_file_that_cannot_be_read_is_named(state_file: Path, text: str) -> None:
    lines: list[str] = []
    state_file.write_text(text, encoding="utf-8")

    clear_stale(state_file.parent, lines.append)

    assert len(lines) == 1
    assert str(state_file) in lines[0]
