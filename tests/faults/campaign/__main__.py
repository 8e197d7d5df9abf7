"""Run campaigns from the command line and print what they did and found."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.campaign.kinds import KINDS
from tests.faults.campaign.report import report, table
from tests.faults.campaign.run import Load, Result, run_campaign


def main() -> int:
    """Give 1 where an invariant was violated."""
    parser = argparse.ArgumentParser(description=__doc__, prog="tests.faults.campaign")
    parser.add_argument("--seeds", default="1", help="each makes a campaign: 1,2,3")
    parser.add_argument("--minutes", type=float, default=2.0, help="of faults, for each seed")
    parser.add_argument("--contacts", type=int, default=60)
    parser.add_argument("--per-second", type=float, default=12.0)
    parser.add_argument("--only", default="", help="kinds of faults with this in their names")
    chosen = parser.parse_args()
    load = Load(chosen.contacts, chosen.per_second, chosen.per_second / 3)
    results = [
        _run(int(seed), chosen.minutes * 60, load, chosen.only) for seed in chosen.seeds.split(",")
    ]
    hits = sum((result.hits for result in results), Counter[str]())
    accepted = sum(one.evidence.accepted.total() for one in results if one.evidence is not None)
    violations = sum(len(result.violations) for result in results)
    print(table(hits))
    print(
        f"in all: {accepted} items accepted, {hits.total()} faults that hit work under way, "
        f"{violations} violations"
    )
    return 1 if violations else 0


def _run(seed: int, seconds: float, load: Load, only: str) -> Result:
    print(f"seed {seed}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="ventanilla-faults-"))
    result = asyncio.run(
        run_campaign(
            seed,
            folder,
            _say,
            seconds=seconds,
            load=load,
            kinds=[kind for kind in KINDS if only in kind],
        )
    )
    print(report(result), flush=True)
    if result.violations:
        print(f"logs are kept in {folder}")
    else:
        shutil.rmtree(folder)
    return result


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
