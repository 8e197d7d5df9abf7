"""The environment is made once, and anew where it might not be what the lock files name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import prepare_environment as environment
from deploy.local.prepare_environment import (
    DEVELOP,
    LOCKS,
    RUN,
    EnvironmentFailedError,
    prepare_environment,
)

MAKE_VENV = "venv"
INSTALL_FOR_RUNNING = LOCKS[RUN]
INSTALL_FOR_DEVELOPING = LOCKS[DEVELOP]

Done = list[str]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for lock in LOCKS.values():
        (tmp_path / lock).write_text("first", encoding="utf-8")
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    return tmp_path


@pytest.fixture
def done(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Done:
    """Note what is done to the environment, instead of doing it."""
    commands: Done = []

    def note(command: list[str]) -> None:
        (checkout / ".venv").mkdir(exist_ok=True)
        commands.append(MAKE_VENV if MAKE_VENV in command else command[-1])

    monkeypatch.setattr(environment, "_run", note)
    return commands


def test_the_second_time_nothing_is_done(done: Done) -> None:
    prepare_environment(RUN)
    assert done == [MAKE_VENV, INSTALL_FOR_RUNNING]

    prepare_environment(RUN)

    assert done == [MAKE_VENV, INSTALL_FOR_RUNNING]


def test_what_is_for_developing_comes_on_top_of_what_is_for_running(done: Done) -> None:
    prepare_environment(RUN)

    prepare_environment(DEVELOP)
    prepare_environment(RUN)

    assert done == [MAKE_VENV, INSTALL_FOR_RUNNING, INSTALL_FOR_DEVELOPING]


@pytest.mark.parametrize("lock", LOCKS.values())
def test_a_changed_lock_file_is_installed(done: Done, checkout: Path, lock: str) -> None:
    prepare_environment(DEVELOP)
    done.clear()

    (checkout / lock).write_text("second", encoding="utf-8")
    prepare_environment(DEVELOP)

    assert done[-1] == INSTALL_FOR_DEVELOPING


def test_a_lock_file_that_is_changed_back_is_installed_again(done: Done, checkout: Path) -> None:
    prepare_environment(RUN)
    (checkout / LOCKS[RUN]).write_text("second", encoding="utf-8")
    prepare_environment(RUN)
    done.clear()

    (checkout / LOCKS[RUN]).write_text("first", encoding="utf-8")
    prepare_environment(RUN)

    assert done == [MAKE_VENV, INSTALL_FOR_RUNNING]


def test_a_checkout_that_was_moved_makes_its_environment_anew(
    done: Done, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_environment(RUN)
    done.clear()
    moved = (checkout / ".venv").rename(checkout / "moved")

    monkeypatch.setattr(environment, "VENV", moved)
    prepare_environment(RUN)

    assert done == [MAKE_VENV, INSTALL_FOR_RUNNING]


@pytest.mark.parametrize("before", [[], [RUN], [DEVELOP]])
def test_an_interrupted_installation_is_not_taken_for_complete(
    done: Done, checkout: Path, monkeypatch: pytest.MonkeyPatch, before: list[str]
) -> None:
    for purpose in before:
        prepare_environment(purpose)
    (checkout / LOCKS[DEVELOP]).write_text("second", encoding="utf-8")
    note = environment._run
    monkeypatch.setattr(environment, "_run", _interrupted_at(INSTALL_FOR_DEVELOPING, note))
    with pytest.raises(KeyboardInterrupt):
        prepare_environment(DEVELOP)
    monkeypatch.setattr(environment, "_run", note)
    done.clear()

    prepare_environment(RUN)

    assert done == [MAKE_VENV, INSTALL_FOR_RUNNING]


def test_a_python_that_makes_no_environments_says_which_package_is_missing(
    done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr(environment, "root_prefix", lambda: None)

    with pytest.raises(EnvironmentFailedError, match=r"apt-get install python3\.\d+-venv"):
        prepare_environment(RUN)

    assert done == []


def _interrupted_at(last: str, note: Callable[[list[str]], None]) -> Callable[[list[str]], None]:
    def run(command: list[str]) -> None:
        note(command)
        if command[-1] == last:
            raise KeyboardInterrupt

    return run
