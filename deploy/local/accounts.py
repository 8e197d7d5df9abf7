"""As whom a server runs, and a folder that this account can reach."""

import os
import pwd
import secrets
import stat
import tempfile
from pathlib import Path

from deploy.local.end_started import FOLDER_PREFIX
from deploy.local.errors import LocalServersError

TEMPORARY_FOLDERS = ("/var/tmp", "/tmp")  # noqa: S108  the folder made in it has a random name


def account_for(server_account: str) -> str | None:
    """Give the account to run a server as: its own for root, else None, whoever runs this."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(server_account).pw_name
    except KeyError:
        raise LocalServersError(
            f"this runs as root, and there is no user {server_account} to run the server as: "
            "run it as an ordinary user"
        ) from None


def choose_folder(server: str, account: str | None) -> Path:
    """Give the path of a folder to make, where the account can reach it."""
    name = f"{FOLDER_PREFIX}{server}-{secrets.token_hex(4)}"
    if account is None:
        return Path(tempfile.gettempdir()) / name
    for parent in map(Path, (tempfile.gettempdir(), *TEMPORARY_FOLDERS)):
        if _anyone_may_pass(parent):
            return parent / name
    raise LocalServersError(f"no temporary folder that the user {account} can reach")


def write_owned(file: Path, text: str, account: str | None) -> None:
    """Write a file that its owner alone can read."""
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    if account is not None:
        user = pwd.getpwnam(account)
        os.chown(file, user.pw_uid, user.pw_gid)


def _anyone_may_pass(folder: Path) -> bool:
    resolved = folder.resolve()
    return resolved.is_dir() and all(
        step.stat().st_mode & stat.S_IXOTH for step in (resolved, *resolved.parents)
    )
