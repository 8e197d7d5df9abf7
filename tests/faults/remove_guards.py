"""`make guards`: take each guard of the system out in turn, and see that a test notices.

A copy of the checkout is changed, never the checkout itself; the named tests run in it, on servers
that are started once. Ends with 1 where a guard was not missed, or a test fails with it in place.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from deploy.local.servers import NAMES_FOR_TESTS, Servers
from tests.faults.guard import Guard
from tests.faults.guards import GUARDS
from tests.faults.table_of_guards import Removed, as_markdown, as_text
from tests.servers import ROOT, servers_for_tests

# A test that hangs is ended by pytest; where that does not help, its run is.
TEST_SECONDS = 120
RUN_SECONDS = 180
ALL_TESTS_SECONDS = 900
END_SECONDS = 15

# pytest's exit codes: anything else than these two is no word about the system.
PASSED, FAILED = 0, 1


@dataclass(frozen=True)
class Run:
    """What one run of pytest said; `code` None: it had to be ended."""

    code: int | None
    output: str
    seconds: float

    @property
    def failed(self) -> list[str]:
        """Give the tests that failed themselves; what failed around them proves nothing."""
        lines = [line.split(" ", 2) for line in self.output.splitlines()]
        return [words[1] for words in lines if words[0] == "FAILED" and len(words) > 1]


def main(arguments: Sequence[str]) -> int:
    """Remove the chosen guards; give the exit code."""
    parser = argparse.ArgumentParser("make guards", description=__doc__)
    parser.add_argument("names", nargs="*", help="guards, separated by commas or spaces")
    parser.add_argument("--markdown", action="store_true", help="print the table for the docs")
    options = parser.parse_args(arguments)
    chosen = choose([name for one in options.names for name in one.split(",") if name])
    with (
        tempfile.TemporaryDirectory(prefix="ventanilla-guards-") as folder,
        servers_for_tests() as servers,
    ):
        copy_checkout(Path(folder))
        environment = environment_of(servers)
        if not all_tests_pass(Path(folder), environment, chosen):
            return 1
        removed = [remove(Path(folder), environment, guard) for guard in chosen]
    write((as_markdown if options.markdown else as_text)(removed))
    missed = [one for one in removed if one.noticed]
    write(f"{len(missed)} of {len(removed)} guards were missed by their tests\n")
    return 0 if len(missed) == len(removed) else 1


def choose(names: Sequence[str]) -> tuple[Guard, ...]:
    """Give the guards of these names, all without any; end where there is no such guard."""
    known = {guard.name: guard for guard in GUARDS}
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"no such guard: {', '.join(unknown)}; there are: {', '.join(known)}")
    return tuple(known[name] for name in names) or GUARDS


def copy_checkout(folder: Path) -> None:
    """Copy what git tracks, as it stands here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())


def environment_of(servers: Servers) -> dict[str, str]:
    """Name the servers to the tests; compiled files would outlive a cut of the same second."""
    names = NAMES_FOR_TESTS
    return {
        **os.environ,
        names.database[0]: servers.database_url,
        names.amqp[0]: servers.amqp_url,
        names.management[0]: str(servers.management_url),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def all_tests_pass(folder: Path, environment: dict[str, str], guards: Sequence[Guard]) -> bool:
    """Run every named test once with nothing removed: only then does a failure mean anything."""
    tests = sorted({test for guard in guards for test in guard.tests})
    write(f"{len(tests)} tests with every guard in place … ")
    run = run_tests(folder, environment, tests, ALL_TESTS_SECONDS)
    write(f"{'passed' if run.code == PASSED else 'FAILED'} ({run.seconds:.0f} s)\n")
    if run.code != PASSED:
        write(run.output)
    return run.code == PASSED


def remove(folder: Path, environment: dict[str, str], guard: Guard) -> Removed:
    """Take one guard out, run its tests, and put it back."""
    write(f"without {guard.name} … ")
    kept = {cut.file: (folder / cut.file).read_bytes() for cut in guard.cuts}
    try:
        for cut in guard.cuts:
            cut.make(folder)
        run = run_tests(folder, environment, guard.tests, RUN_SECONDS)
    finally:
        for file, content in kept.items():
            (folder / file).write_bytes(content)
    removed = Removed(guard, *judge(run), run.seconds)
    write(f"{removed.verdict} ({run.seconds:.0f} s)\n")
    if not removed.noticed:
        write(run.output)
    return removed


def judge(run: Run) -> tuple[bool, str]:
    """Tell whether the guard was missed, and by which test; or what else happened."""
    if run.code is None:
        return True, f"hung for {RUN_SECONDS} s"
    if run.code == PASSED:
        return False, "NOT MISSED: its tests pass without it"
    if run.code != FAILED or not run.failed:
        return False, f"NO PROOF: pytest ended with {run.code}, and no test failed itself"
    hung = f" (hung for {TEST_SECONDS} s)" if "Failed: Timeout" in run.output else ""
    return True, run.failed[0] + hung


def run_tests(
    folder: Path, environment: dict[str, str], tests: Sequence[str], seconds: float
) -> Run:
    """Run tests in the copy, up to the first failure; a run that does not end is ended."""
    command = [
        sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
        f"--timeout={TEST_SECONDS}", *tests,
    ]  # fmt: skip
    started = monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    code: int | None = None
    try:
        output, _ = process.communicate(timeout=seconds)
        code = process.returncode
    except subprocess.TimeoutExpired:
        output = _interrupt(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # whatever it started and did not end
    return Run(code, output, monotonic() - started)


def _interrupt(process: "subprocess.Popen[str]") -> str:
    """Let a run that hangs drop its databases, if it still can; give what it said."""
    process.send_signal(signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
    return output


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
