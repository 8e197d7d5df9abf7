"""The table of guards holds: each stands where it says, and each test that shall miss it is there.

`make guards` takes them out one after the other, which takes minutes; this only keeps the table
from rotting.
"""

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import tree
from tests.faults.guard import Guard
from tests.faults.guards import GUARDS
from tests.servers import ROOT


def test_each_guard_has_a_name_of_its_own() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_stands_where_the_table_says(guard: Guard, tmp_path: Path) -> None:
    for cut in guard.cuts:
        path = tmp_path / cut.file
        if not path.exists():
            path.parent.mkdir(parents=True)
            path.write_bytes((ROOT / cut.file).read_bytes())
        cut.make(tmp_path)

    for path in tmp_path.rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"))  # what is no Python fails every test


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_the_tests_that_shall_miss_it_are_there(guard: Guard) -> None:
    assert guard.tests
    for test in guard.tests:
        file, _, function = test.partition("::")
        names = {
            node.name
            for node in tree(Path(file)).body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert function.partition("[")[0] in names, test
