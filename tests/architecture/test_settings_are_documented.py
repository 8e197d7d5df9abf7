"""Every variable has its function in `shared/config.py` and its line in the documents."""

import re
from pathlib import Path

import pytest

from tests.architecture.sources import OURS, files, imported, text
from tests.servers import ROOT
from tests.unit.settings import ALL, READS, RIGHT, WRONG

CONFIG = Path("shared/config.py")
READERS = {CONFIG, Path("shared/environment.py")}
VARIABLES = set(re.findall(r'"([A-Z][A-Z_]{3,})"', text(CONFIG)))


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_a_variable_is_documented(name: str) -> None:
    settings = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")

    assert re.search(rf"`{name}`", settings)


def test_every_variable_is_tried_with_wrong_values() -> None:
    assert WRONG.keys() == VARIABLES
    assert RIGHT.keys() <= VARIABLES
    assert ALL.union(*READS.values()) == VARIABLES


def test_only_the_configuration_reads_the_environment() -> None:
    # `deploy` sets up a machine and hands the environment on.
    readers = [
        str(path)
        for path in files("services", "shared")
        if path not in READERS
        and ("environs" in imported(path) or re.search(r"os\.(environ|getenv)", text(path)))
    ]

    assert readers == []


def test_every_folder_is_looked_at() -> None:
    assert all(files(folder) for folder in OURS)
