"""Ingress against what nobody should send: see `python -m tests.fuzz` for the long run."""

import sys
from random import SystemRandom

from tests.fuzz.fuzz_ingress import fuzz_ingress
from tests.system import System

CASES = 5_000


async def test_nothing_makes_ingress_fail_publish_what_is_unsigned_or_lose_a_neighbour(
    system: System,
) -> None:
    """The promises about signatures and about signed bodies that are not understood."""
    figures = await fuzz_ingress(system, SystemRandom().randrange(2**32), CASES)

    sys.stdout.write("\n".join(figures.lines()) + "\n")
    assert figures.wrong == []
    assert figures.unsigned_published == 0
    assert figures.published == figures.expected
    assert figures.good_sent == figures.good_arrived
    # All kinds of cases were tried.
    assert len(figures.good_sent) > CASES / 4
    assert figures.answers["broken signature", 401] > CASES / 20
    assert figures.answers["spoiled bytes", 200] > CASES / 10
