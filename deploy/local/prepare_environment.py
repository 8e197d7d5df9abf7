"""Makes `.venv` with exactly what the lock files name; run by the system's Python, before all else.

    python3 -m deploy.local.prepare_environment run|develop

It does nothing where that is there already. What was interrupted, or made from other lock files,
by another Python or in another folder, is made anew.
"""

import argparse
import fcntl
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from deploy.local.apt_install import install_packages, root_prefix
from deploy.local.errors import RunError

CHECKOUT = Path(__file__).resolve().parents[2]
VENV = CHECKOUT / ".venv"
RUN, DEVELOP = "run", "develop"

# What is for developing holds all that is for running, in the same versions.
LOCKS = {RUN: "requirements.lock", DEVELOP: "requirements-dev.lock"}

FAILED = 1
INTERRUPTED = 130


class EnvironmentFailedError(RunError):
    """The environment cannot be made; the message says what to do about it."""


def main() -> int:
    """Prepare the environment; 1 if it cannot be made, after saying why."""
    parser = argparse.ArgumentParser(description="make .venv from the lock files")
    parser.add_argument("purpose", choices=LOCKS)
    try:
        prepare_environment(parser.parse_args().purpose)
    except RunError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("interrupted: the environment will be made anew the next time", file=sys.stderr)
        return INTERRUPTED
    return 0


def prepare_environment(purpose: str) -> None:
    """Make the environment unless it is complete."""
    if _is_complete(purpose):
        return
    with _alone():
        if _is_complete(purpose):
            return
        complete_for_running = _is_complete(RUN)
        for stamp in map(_stamp, LOCKS):
            stamp.unlink(missing_ok=True)
        if not complete_for_running:
            _must_have_ensurepip()
            _make_venv()
        _install(LOCKS[purpose])
        for other in LOCKS if purpose == DEVELOP else [RUN]:
            _stamp(other).write_text(_fingerprint(other), encoding="ascii")


def _is_complete(purpose: str) -> bool:
    try:
        return _stamp(purpose).read_text(encoding="ascii") == _fingerprint(purpose)
    except FileNotFoundError:
        return False


def _stamp(purpose: str) -> Path:
    return VENV / f"complete-for-{purpose}"


def _fingerprint(purpose: str) -> str:
    locks = [(CHECKOUT / name).read_bytes() for name in (LOCKS[RUN], LOCKS[purpose])]
    maker = f"{sys.version} {sys.base_prefix} {VENV}".encode()
    return sha256(b"\x00".join([maker, *locks])).hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """Let another `make` of this checkout finish its environment first."""
    folder = CHECKOUT / ".local"
    folder.mkdir(exist_ok=True)
    with (folder / "environment.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _must_have_ensurepip() -> None:
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    prefix = root_prefix() if sys.base_prefix == "/usr" else None
    if prefix is None:
        raise EnvironmentFailedError(
            f"{sys.executable} cannot make virtual environments; on Debian and Ubuntu:\n"
            f"  sudo apt-get install {package}"
        )
    install_packages([package], prefix, lambda line: print(line, flush=True))


def _make_venv() -> None:
    print(f"making .venv with Python {sys.version.split()[0]}", flush=True)
    if VENV.is_symlink():
        VENV.unlink()  # through it, another checkout's environment would be emptied
    _run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def _install(lock: str) -> None:
    print(f"installing what {lock} names", flush=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    _run([*pip, "install", "-qq", "--require-hashes", "-r", lock])


def _run(command: list[str]) -> None:
    # A PYTHONPATH of the developer's would count as installed what is not.
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, check=False, cwd=CHECKOUT, env=clean)
    if done.returncode != 0:
        raise EnvironmentFailedError(f"this failed: {' '.join(command)}")


if __name__ == "__main__":
    sys.exit(main())
