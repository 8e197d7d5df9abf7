"""Debian's Chromium, found or installed: playwright brings none of its own here."""

import ctypes
import shutil
import sys

from deploy.local.apt_install import install_packages, root_prefix
from deploy.local.errors import InstallationError

NAMES = ("chromium", "google-chrome")
BROWSER_PACKAGE = "chromium"
# Playwright's own Node.js needs it; Chromium does not bring it, and a bare Debian has none.
LIBRARY = "libatomic.so.1"
LIBRARY_PACKAGE = "libatomic1"
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
    """Give the path of the browser; apt installs what is missing if it may, else NoBrowserError."""
    missing = _missing()
    prefix = root_prefix() if missing else None
    if prefix is not None:
        try:
            install_packages(missing, prefix, _say)
        except InstallationError as error:
            raise NoBrowserError(str(error)) from error
        missing = _missing()
    path = _installed()
    if path is None or missing:
        packages = " ".join(missing)
        raise NoBrowserError(f"no browser: install it with `sudo apt-get install {packages}`")
    return path


def _missing() -> list[str]:
    """Give the packages without which there is no browser to drive."""
    missing = [] if _installed() else [BROWSER_PACKAGE]
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        missing.append(LIBRARY_PACKAGE)
    return missing


def _installed() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")
