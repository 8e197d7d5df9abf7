"""Time, ids and randomness come into the domain as arguments."""

from pathlib import Path

import pytest

from tests.architecture.sources import calls, files, imported

FORBIDDEN = {
    "aiohttp", "asyncio", "asyncpg", "datetime.datetime.now", "os", "random", "secrets", "socket",
    "structlog", "time", "uuid", "uuid_utils",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "uuid4", "uuid7", "random", "open"}


@pytest.mark.parametrize("path", files("shared/domain"), ids=str)
def test_the_domain_reads_no_clock_and_rolls_no_dice(path: Path) -> None:
    assert {name for name in imported(path) if name.split(".")[0] in FORBIDDEN} == set()
    assert {name for name, _ in calls(path) if name.split(".")[-1] in CLOCKS} == set()


@pytest.mark.parametrize("path", files("shared/domain"), ids=str)
def test_the_domain_imports_nothing_of_ours_but_itself(path: Path) -> None:
    ours = {name for name in imported(path) if name.startswith(("shared.", "services."))}

    assert {name for name in ours if not name.startswith("shared.domain")} == set()
