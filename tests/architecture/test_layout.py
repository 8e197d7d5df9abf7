"""Files are small and named after one thing."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.sources import OURS, calls, files, text, tree
from tests.servers import ROOT

MOST_LINES_OF_A_FILE = 250
MOST_LINES_OF_A_FUNCTION = 50
MOST_LINES_OF_A_MAIN = 15
# Each excuses one line and gives its reason beside it; more of them would be a habit.
MOST_EXCUSES = 25
# They meet a moment, send at a pace, or break something for a while; none waits for an outcome.
# (`supervisor.py` and `docker_servers.py` look again and again at something outside of this
# process.)
KEEPS_TIME = (
    "tests/benchmarks/",
    "tests/docker_servers.py",
    "tests/faults/campaign/",
    "tests/faults/message_against_deadline.py",
    "tests/faults/sending/",
    "tests/faults/supervisor.py",
    "tests/faults/tcp_proxy.py",
    "tests/faults/test_an_agent_against_the_deadline.py",
)
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc", "types"}

# Still longer than it should be, and known to be: taken out when it is shortened.
LONG_FILES: set[str] = set()


@pytest.mark.parametrize("folder", OURS)
def test_every_folder_with_python_files_is_a_package(folder: str) -> None:
    # import-linter does not see a folder without `__init__.py`.
    folders = {path.parent for path in files(folder)} - {Path("deploy")}

    assert [str(one) for one in folders if not (ROOT / one / "__init__.py").is_file()] == []


def test_a_main_only_wires() -> None:
    mains = [path for path in files("services") if path.name == "__main__.py"]

    assert len(mains) == len({path.parts[1] for path in files("services") if len(path.parts) > 2})
    assert [
        str(path) for path in mains if len(text(path).splitlines()) > MOST_LINES_OF_A_MAIN
    ] == []


def test_a_service_says_what_it_owns() -> None:
    heads = [path for path in files("services") if path.name == "__init__.py"]

    assert [str(path) for path in heads if not ast.get_docstring(tree(path))] == []


def test_no_file_is_long() -> None:
    lengths = {str(path): len(text(path).splitlines()) for path in files(*OURS)}
    long = {path: lines for path, lines in lengths.items() if lines > MOST_LINES_OF_A_FILE}

    assert {path: lines for path, lines in long.items() if path not in LONG_FILES} == {}
    assert LONG_FILES - long.keys() == set(), "is short by now"


def test_no_function_is_long() -> None:
    long = {
        f"{path}:{node.name}": lines
        for path in files(*OURS)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    }

    assert long == {}


def test_every_file_says_in_a_name_what_it_is() -> None:
    names = {part: path for path in files(*OURS, "tests") for part in (*path.parts[:-1], path.stem)}

    assert SAYS_NOTHING & names.keys() == set()


def test_no_test_sleeps() -> None:
    # A test waits for an outcome (`tests.eventually`); a sleep is too short or too long.
    sleeping = [
        f"{path}:{call.lineno}"
        for path in files("tests")
        if not str(path).startswith(KEEPS_TIME)
        for name, call in calls(path)
        # sleep(0) lets others run and waits for nothing.
        if name.split(".")[-1] == "sleep" and ast.unparse(call.args[0]) != "0"
    ]

    assert sleeping == []


def test_excuses_are_few_and_name_what_they_excuse() -> None:
    excuses = [
        (str(path), number, line)
        for path in files(*OURS)
        for number, line in enumerate(text(path).splitlines(), 1)
        if re.search(r"#\s*(noqa|type:\s*ignore)", line)
    ]

    assert len(excuses) <= MOST_EXCUSES, f"{len(excuses)} excuses: {excuses}"
    bare = [one for one in excuses if not re.search(r"noqa: [A-Z]+\d+|ignore\[[a-z-]+", one[2])]
    assert bare == []
