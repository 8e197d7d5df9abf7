"""`make guards`: take each guard of the system out in turn, and see that a test misses it.

Copies of the checkout are changed, never the checkout itself; the named tests run in them, on
servers that are started once. Ends with 1 where a guard was not missed, or where a named test fails
with every guard in place.
"""

import argparse
import asyncio
import os
import shutil
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

# Most tests that miss a guard wait for something that does not come.
AT_ONCE = 3
# A test that hangs is ended by pytest; where that does not help, its run is.
TEST_SECONDS = 120
RUN_SECONDS = 180
ALL_TESTS_SECONDS = 900
END_SECONDS = 15

# pytest's exit codes: anything else than these two says nothing of the system.
PASSED, FAILED = 0, 1


@dataclass(frozen=True)
class Run:
    """What one run of pytest said; `code` None: it had to be ended."""

    code: int | None
    output: str
    seconds: float

    @property
    def failure(self) -> tuple[str, str] | None:
        """Give the test that failed itself, and why; what breaks around a test proves nothing."""
        for line in self.output.splitlines():
            if line.startswith("FAILED "):
                test, _, why = line.removeprefix("FAILED ").partition(" - ")
                return test, why
        return None


@dataclass(frozen=True)
class Removing:
    """A copy of the checkout, and servers that its tests know by the environment."""

    folder: Path
    environment: dict[str, str]

    async def remove_all(self, guards: Sequence[Guard]) -> list[Removed]:
        """Take the guards out, each in a copy of its own, and say what became of each."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(guard: Guard) -> Removed:
            async with places:
                return await self.remove(guard)

        return list(await asyncio.gather(*(one(guard) for guard in guards)))

    async def remove(self, guard: Guard) -> Removed:
        """Take one guard out and run its tests."""
        folder = self.folder / guard.name
        shutil.copytree(self.folder / "whole", folder)
        for cut in guard.cuts:
            cut.make(folder)
        run = await self.run_tests(folder, guard.tests, RUN_SECONDS)
        shutil.rmtree(folder)
        missed, verdict = judge(run)
        # The reason, too: that it is the failure that was meant, only a reader can tell.
        why = f" - {run.failure[1]}" if run.failure else ""
        write(f"without {guard.name} ({run.seconds:.0f} s): {verdict}{why}\n")
        if not missed:
            write(run.output)
        return Removed(guard, missed, verdict, run.seconds)

    async def all_tests_pass(self, guards: Sequence[Guard]) -> bool:
        """Run every named test with nothing removed: only then does a failure mean anything."""
        tests = sorted({test for guard in guards for test in guard.tests})
        run = await self.run_tests(self.folder / "whole", tests, ALL_TESTS_SECONDS)
        passed = run.code == PASSED
        write(f"with every guard in place {len(tests)} tests {'pass' if passed else 'do NOT pass'}")
        write(f" ({run.seconds:.0f} s)\n" if passed else f"\n{run.output}")
        return passed

    async def run_tests(self, folder: Path, tests: Sequence[str], seconds: float) -> Run:
        """Run tests in a copy, up to the first failure; a run that does not end is ended."""
        command = [
            sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
            f"--timeout={TEST_SECONDS}", *tests,
        ]  # fmt: skip
        started = monotonic()
        with (folder / "output").open("w+b") as output:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=folder, env=self.environment, stdout=output,
                stderr=asyncio.subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            try:
                code = await ended(process, seconds)
                if code is None:
                    with suppress(ProcessLookupError):
                        process.send_signal(signal.SIGINT)  # it drops its databases, if it can
                    await ended(process, END_SECONDS)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # with all that it has started
                await process.wait()
            output.seek(0)
            text = output.read().decode(errors="replace")
        return Run(code, text, monotonic() - started)


async def ended(process: asyncio.subprocess.Process, within: float) -> int | None:
    """Give the exit code; None where it goes on for longer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            return await process.wait()
    return None


def judge(run: Run) -> tuple[bool, str]:
    """Tell whether the guard was missed, and by which test; or what else happened."""
    if run.code is None:
        return True, f"hung for {RUN_SECONDS} s"
    if run.code == PASSED:
        return False, "NOT MISSED: its tests pass without it"
    if run.code != FAILED or run.failure is None:
        return False, f"NO PROOF: pytest ended with {run.code}, and no test failed itself"
    hung = f" (hung for {TEST_SECONDS} s)" if "Failed: Timeout" in run.output else ""
    return True, run.failure[0] + hung


def copy_checkout(folder: Path) -> None:
    """Copy what git tracks, as it stands here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def environment_of(servers: Servers) -> dict[str, str]:
    names = NAMES_FOR_TESTS
    return {
        **os.environ,
        "COLUMNS": "240",  # pytest cuts what it says of a failure off there
        names.database[0]: servers.database_url,
        names.amqp[0]: servers.amqp_url,
        names.management[0]: str(servers.management_url),
    }


def choose(names: Sequence[str]) -> tuple[Guard, ...]:
    """Give the guards of these names, all without any; end where there is no such guard."""
    known = {guard.name: guard for guard in GUARDS}
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"no such guard: {', '.join(unknown)}; there are: {', '.join(known)}")
    return tuple(known[name] for name in names) or GUARDS


async def remove_guards(removing: Removing, guards: Sequence[Guard], *, markdown: bool) -> int:
    """Print what became of each; give the exit code."""
    if not await removing.all_tests_pass(guards):
        return 1
    removed = await removing.remove_all(guards)
    missed = sum(one.missed for one in removed)
    write("\n" + (as_markdown if markdown else as_text)(removed))
    write(f"\n{missed} of {len(removed)} guards are missed by a test when they are removed\n")
    return 0 if missed == len(removed) else 1


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def main() -> int:
    """Read the command line, and remove the guards that it names."""
    parser = argparse.ArgumentParser("make guards", description=__doc__)
    parser.add_argument("names", nargs="*", help="guards, separated by commas or spaces")
    parser.add_argument("--markdown", action="store_true", help="print the table for the docs")
    options = parser.parse_args()
    guards = choose([name for one in options.names for name in one.split(",") if name])
    with tempfile.TemporaryDirectory(prefix="ventanilla-guards-") as name:
        copy_checkout(Path(name) / "whole")
        with servers_for_tests() as servers:
            removing = Removing(Path(name), environment_of(servers))
            return asyncio.run(remove_guards(removing, guards, markdown=options.markdown))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
