"""Make the peers' environment: `python -m tests.benchmarks.peers.install`, which says where it is.

It does nothing where that is there already, made from the same requirements by the same Python.
"""

import subprocess
import sys
import venv
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
ENVIRONMENT = ROOT / ".local" / "peers"
PYTHON = ENVIRONMENT / "bin" / "python"
_STAMP = ENVIRONMENT / "complete"


def install() -> Path:
    """Give the interpreter that has the peers' packages; raise CalledProcessError without them."""
    made_from = sha256(REQUIREMENTS.read_bytes() + f"{sys.version} {ENVIRONMENT}".encode())
    if not _STAMP.is_file() or _STAMP.read_text(encoding="ascii") != made_from.hexdigest():
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
        pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
        subprocess.run(
            [*pip, "install", "-qq", "--require-hashes", "-r", str(REQUIREMENTS)], check=True
        )
        _STAMP.write_text(made_from.hexdigest(), encoding="ascii")
    return PYTHON


if __name__ == "__main__":
    print(install())
