"""Run sending campaigns from the command line and print what they did and found."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from tests.faults.sending.report import report
from tests.faults.sending.run import Plan, Result, run_campaign
from tests.servers import (
    database_of_its_own,
    migrated_template,
    servers_for_tests,
    vhost_of_its_own,
)
from tests.system import System


def main() -> int:
    """Give 1 where an invariant was violated."""
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__, prog="tests.faults.sending")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--contacts", type=int, default=usual.contacts)
    parser.add_argument("--kills", type=int, default=usual.kills)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ventanilla-sending-"))
    plan = Plan(contacts=chosen.contacts, kills=chosen.kills)
    result = asyncio.run(_run(chosen.seed, plan, folder))
    print(report(result), flush=True)
    if result.violations:
        print(f"logs are kept in {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if result.violations else 0


async def _run(seed: int, plan: Plan, folder: Path) -> Result:
    with servers_for_tests() as started:
        async with (
            migrated_template(started) as servers,
            database_of_its_own(servers) as database_url,
            vhost_of_its_own(servers) as amqp_url,
            System(servers, database_url, amqp_url, folder) as system,
        ):
            return await run_campaign(seed, system, plan)


if __name__ == "__main__":
    sys.exit(main())
