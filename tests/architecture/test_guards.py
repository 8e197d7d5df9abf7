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
from tests.faults.remove_guards import Run, judge
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


@pytest.mark.parametrize(
    ("code", "output", "missed"),
    [
        (1, "FAILED tests/a.py::test_b[c d] - assert 1 == 2", True),
        (1, "FAILED tests/a.py::test_b - Failed: Timeout (>120.0s) from pytest-timeout.", True),
        (None, "", True),
        (0, "1 passed", False),
        (1, "ERROR tests/a.py::test_b - a fixture broke", False),
        (2, "ERROR tests/a.py - SyntaxError", False),
        (4, "ERROR: not found: tests/a.py::test_b", False),
    ],
)
def test_only_a_test_that_fails_or_hangs_itself_is_a_proof(
    code: int | None, output: str, missed: bool
) -> None:
    assert judge(Run(code, output, 1.0))[0] is missed
