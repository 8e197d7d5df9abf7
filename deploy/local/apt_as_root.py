"""Installs packages with apt, as root, so that none of their servers is started or enabled.

A script of its own that imports nothing of the project, because `sudo` runs it with an environment
of its own. Each line that it prints is meant to be shown.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = """#!/bin/sh
# Ventanilla is installing packages: until it is done, no package may start its services.
# If no installation is running, this file was left by one that was killed: remove it.
exit 101
"""
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/ventanilla.conf")
NO_CLUSTER_TEXT = """# Ventanilla is installing packages: it brings its own cluster.
create_main_cluster = false
"""

# Links in these folders make a service start with the machine.
BOOT_LINKS = ("etc/systemd/system/*.wants/*", "etc/rc[2345].d/S*")

LOCK_SECONDS = 300
SHOWN_LINES = 15


def main(packages: Sequence[str]) -> int:
    """Install the packages; the exit code of apt."""
    before = _boot_links()
    try:
        with _no_services_start(), _no_cluster_is_made():
            return _install(packages)
    finally:
        _disable(_boot_links() - before)


def _install(packages: Sequence[str]) -> int:
    if not _are_known(packages):
        print("apt: reading the package lists", flush=True)
        _apt("update")
    print(f"apt: installing {', '.join(packages)}", flush=True)
    command = ["install", "--yes", "--no-install-recommends", *packages]
    installed = _apt(*command)
    if installed.returncode != 0:
        print("apt: trying again with new package lists", flush=True)
        _apt("update")
        installed = _apt(*command)
    if installed.returncode != 0:
        for line in installed.stdout.splitlines()[-SHOWN_LINES:]:
            print(f"apt: {line}", flush=True)
    return installed.returncode


def _are_known(packages: Sequence[str]) -> bool:
    asked = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", *packages], check=False, capture_output=True
    )
    return asked.returncode == 0


def _apt(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["apt-get", "-qq", "-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}", *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **os.environ,
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            # Ubuntu's needrestart would restart services that have nothing to do with this.
            "NEEDRESTART_SUSPEND": "1",
        },
    )


@contextmanager
def _no_services_start() -> Iterator[None]:
    """Have package scripts start nothing; a policy that is there already is left to decide."""
    if POLICY.exists() and POLICY.read_text(encoding="utf-8", errors="replace") != POLICY_TEXT:
        print(f"apt: {POLICY} is there already and decides whether services start", flush=True)
        yield
        return
    with _file_for_the_time(POLICY, POLICY_TEXT, mode=0o755):
        yield


@contextmanager
def _no_cluster_is_made() -> Iterator[None]:
    with ExitStack() as undo:
        for folder in (NO_CLUSTER.parents[1], NO_CLUSTER.parent):
            if not folder.exists():
                folder.mkdir()
                undo.callback(_remove_if_empty, folder)
        undo.enter_context(_file_for_the_time(NO_CLUSTER, NO_CLUSTER_TEXT, mode=0o644))
        yield


@contextmanager
def _file_for_the_time(file: Path, text: str, mode: int) -> Iterator[None]:
    try:
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)
        yield
    finally:
        file.unlink(missing_ok=True)


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _boot_links() -> set[Path]:
    return {link for pattern in BOOT_LINKS for link in Path("/").glob(pattern)}


def _disable(links: set[Path]) -> None:
    """Take newly installed services out of the machine's start."""
    scripts = {link.name.lstrip("S0123456789") for link in links if link.parent.name[:2] == "rc"}
    units = {link.name for link in links if link.parent.name.endswith(".wants")}
    for script in sorted(scripts):
        subprocess.run(["update-rc.d", script, "disable"], check=False, capture_output=True)
    for unit in sorted(units):
        # This program asks to be called by a package's script, and the variable says that it is.
        subprocess.run(
            ["deb-systemd-helper", "disable", unit],
            check=False,
            capture_output=True,
            env={**os.environ, "DPKG_MAINTSCRIPT_PACKAGE": unit.partition(".")[0]},
        )
    if scripts or units:
        print(f"apt: installed and left off: {', '.join(sorted(scripts | units))}", flush=True)
    for link in sorted(_boot_links() & links):
        print(f"apt: cannot be left off, starts with the machine: {link.name}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
