"""Senders die, answers and statuses get lost: each message arrives once, and in order (issue 6)."""

import sys
from pathlib import Path

import pytest

from tests.faults.sending.audit import INVARIANTS
from tests.faults.sending.evidence import Evidence
from tests.faults.sending.report import report
from tests.faults.sending.run import Plan, Result, run_campaign
from tests.faults.sending.tamper import TAMPERS, Tamper, each
from tests.servers import TestServers, database_of_its_own, vhost_of_its_own
from tests.system import System

# Few messages, of which much more is lost than in the long one. A contact whose burst was torn
# by a kill would have to rest for a minute.
QUICK = Plan(
    contacts=24,
    messages=5,
    pair_limit=False,
    contacts_per_second=20,
    kills=3,
    seconds_between_kills=0.2,
    answers_lost=0.2,
    statuses_lost=0.3,
    send_seconds=2.0,
)


@pytest.fixture(scope="module")
async def campaign(servers: TestServers, tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("sending")
    async with (
        database_of_its_own(servers) as database_url,
        vhost_of_its_own(servers) as amqp_url,
        System(servers, database_url, amqp_url, folder) as system,
    ):
        result = await run_campaign(1, system, QUICK)
        system.check_logs()
    return result


async def test_a_few_messages_arrive_once_and_in_order(campaign: Result) -> None:
    _say(report(campaign))

    assert campaign.violations == []
    assert campaign.evidence.kills != ()


def test_the_auditor_knows_every_invariant() -> None:
    assert sorted(TAMPERS) == sorted(invariant.__name__ for invariant in INVARIANTS)


@pytest.mark.parametrize(("invariant", "tamper"), each())
async def test_the_auditor_sees_what_is_wrong(
    campaign: Result, invariant: str, tamper: Tamper
) -> None:
    (audit,) = [one for one in INVARIANTS if one.__name__ == invariant]
    evidence: Evidence = campaign.evidence
    assert list(audit(evidence)) == []

    assert list(audit(tamper(evidence))) != []


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_2000_messages_arrive_once_and_in_order(
    servers: TestServers, system: System, tmp_path: Path
) -> None:
    result = await run_campaign(1, system, Plan())
    _say(report(result))

    assert result.violations == []
    assert len(result.evidence.messages) == 2000
    assert len(result.evidence.kills) == 50


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
