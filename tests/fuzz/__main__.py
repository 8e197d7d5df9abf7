"""`python -m tests.fuzz --cases 200000`: fuzz ingress, print the figures, exit 1 if it gave in."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

import uvloop

from tests.fuzz.fuzz_ingress import Figures, fuzz_ingress
from tests.servers import (
    database_of_its_own,
    migrated_template,
    servers_for_tests,
    vhost_of_its_own,
)
from tests.system import System

MOST_GROWTH = 5.0


async def run(seed: int, cases: int) -> Figures:
    with servers_for_tests() as started, tempfile.TemporaryDirectory() as folder:
        async with (
            migrated_template(started) as servers,
            database_of_its_own(servers) as database_url,
            vhost_of_its_own(servers) as amqp_url,
            System(servers, database_url, amqp_url, Path(folder)) as system,
        ):
            return await fuzz_ingress(system, seed, cases)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32))
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(run(arguments.seed, arguments.cases))
    sys.stdout.write("\n".join(figures.lines()) + "\n")
    return int(bool(figures.wrong or figures.unsigned_published) or figures.growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
