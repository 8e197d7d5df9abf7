"""The servers from the distribution's packages, where this run may install them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local.errors import InstallationError
from deploy.local.installed_servers import search_path

SCRIPT = Path(__file__).with_name("apt_as_root.py")
SUDO_SECONDS = 10.0


def root_prefix() -> list[str] | None:
    """Give what makes a command one of root's, None if this run may not have that or has no apt."""
    if shutil.which("apt-get", path=search_path()) is None:
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo", path=search_path()) is None:
        return None
    asked = subprocess.run(
        ["sudo", "-n", "true"], check=False, capture_output=True, timeout=SUDO_SECONDS
    )
    return ["sudo", "-n"] if asked.returncode == 0 else None


def install_packages(
    packages: Sequence[str], prefix: Sequence[str], say: Callable[[str], None]
) -> None:
    """Install packages without starting or enabling their services."""
    say(f"installing {' and '.join(packages)} with apt; their services stay off")
    command = [*prefix, sys.executable, "-I", str(SCRIPT), *packages]
    # A process group of its own: Ctrl-C in the terminal does not tear a package in two. It also
    # ends by itself, and takes its settings back, when this run is killed.
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0
    ) as installation:
        try:
            for line in installation.stdout or ():
                say(line.rstrip())
        except KeyboardInterrupt:
            say("apt is let come to its end; Ctrl-C again leaves it to itself")
            installation.wait()
            raise
    if installation.returncode != 0:
        raise InstallationError(
            f"apt could not install {' '.join(packages)}, and said why above. Without them, name "
            "servers of your own in the environment, or start Docker"
        )
