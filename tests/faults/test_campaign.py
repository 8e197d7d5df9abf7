"""A short campaign: what is accepted is kept, once and in order, whatever is broken meanwhile."""

import sys

import pytest

from deploy.local.installed_servers import find_postgres, find_rabbit
from tests.faults.campaign.audit import INVARIANTS
from tests.faults.campaign.evidence import Evidence
from tests.faults.campaign.kinds import KINDS, crashes
from tests.faults.campaign.report import report
from tests.faults.campaign.run import Load, Result, run_campaign
from tests.faults.tamper import TAMPERS, Tamper, each

# It kills and restarts servers, so it needs some of its own.
pytestmark = pytest.mark.skipif(
    find_rabbit() is None or find_postgres() is None,
    reason="PostgreSQL or RabbitMQ is not installed here",
)

SEED = 1
# Each kind once, but for those that take long: `make test-long` has them.
SLOW = ("half open", "slow", "too late", "beyond a lease", "out of memory", "media host away")


def _is_quick(kind: str) -> bool:
    return not any(word in kind for word in SLOW)


@pytest.fixture(scope="module")
async def campaign(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("campaign")
    kinds = [kind for kind in KINDS if _is_quick(kind)]
    return await run_campaign(
        SEED, folder, _say, seconds=120, load=Load(), kinds=kinds, most_faults=len(kinds)
    )


@pytest.fixture(scope="module")
async def evidence(campaign: Result) -> Evidence:
    assert campaign.evidence is not None
    return campaign.evidence


async def test_nothing_is_lost_doubled_or_said_out_of_turn(campaign: Result) -> None:
    _say(report(campaign))

    assert campaign.violations == []


async def test_every_crash_point_is_reached(campaign: Result) -> None:
    assert [kind for kind in crashes() if not campaign.hits[kind]] == []


def test_the_auditor_knows_every_invariant() -> None:
    assert sorted(TAMPERS) == sorted(invariant.__name__ for invariant in INVARIANTS)


@pytest.mark.parametrize(("invariant", "tamper"), each())
async def test_the_auditor_sees_what_is_wrong(
    evidence: Evidence, invariant: str, tamper: Tamper
) -> None:
    (audit,) = [one for one in INVARIANTS if one.__name__ == invariant]
    assert list(audit(evidence)) == []

    assert list(audit(tamper(evidence))) != []


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
