"""A seed gives the same schedule again."""

from itertools import islice

from tests.faults.campaign.schedule import plan

KINDS = ("one", "two", "three", "four")


def test_the_seed_replays_the_schedule() -> None:
    assert list(islice(plan(7, KINDS), 40)) == list(islice(plan(7, reversed(KINDS)), 40))
    assert list(islice(plan(7, KINDS), 40)) != list(islice(plan(8, KINDS), 40))


def test_every_kind_has_its_turn_in_each_round() -> None:
    planned = [fault.kind for fault in islice(plan(7, KINDS), 40)]

    rounds = [planned[start : start + len(KINDS)] for start in range(0, 40, len(KINDS))]
    assert all(sorted(one) == sorted(KINDS) for one in rounds)
    assert len({tuple(one) for one in rounds}) > 1
