"""Debian's Chromium, found or installed: playwright brings none of its own here."""

import shutil
import sys

from deploy.local.apt_install import install_packages, root_prefix
from deploy.local.errors import InstallationError

NAMES = ("chromium", "google-chrome")
PACKAGE = "chromium"
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowserError(Exception):
    """There is none, and none can be installed here; the text says what to do."""


def find_chromium() -> str:
    """Give the path of the browser, which apt installs if it may; raise NoBrowserError."""
    path = _installed()
    if path is not None:
        return path
    prefix = root_prefix()
    if prefix is not None:
        try:
            install_packages([PACKAGE], prefix, _say)
        except InstallationError as error:
            raise NoBrowserError(str(error)) from error
        path = _installed()
    if path is None:
        raise NoBrowserError("no browser: install it with `sudo apt-get install chromium`")
    return path


def _installed() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")
