"""Every kind of fault, each several times."""

import sys
from pathlib import Path

import pytest

from deploy.local.installed_servers import find_postgres, find_rabbit
from tests.faults.campaign.report import report
from tests.faults.campaign.run import Load, run_campaign

SECONDS = 480.0


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.skipif(
    find_rabbit() is None or find_postgres() is None,
    reason="PostgreSQL or RabbitMQ is not installed here",
)
@pytest.mark.parametrize("seed", [11, 12])
async def test_eight_minutes_of_faults_violate_nothing(seed: int, tmp_path: Path) -> None:
    result = await run_campaign(seed, tmp_path, _say, seconds=SECONDS, load=Load())
    _say(report(result))

    assert result.violations == []
    assert result.hits.total() >= 60


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
