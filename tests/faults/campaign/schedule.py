"""What is broken and when: drawn from a seed, so that the seed gives the same schedule again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

LONGEST_PAUSE = 1.5


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault; `seed` is that of what it still has to choose."""

    kind: str
    pause: float
    """Seconds since the end of the one before it."""
    seed: int


def plan(seed: int, kinds: Iterable[str]) -> Iterator[Planned]:
    """Give faults without end: every kind once in each round, in an order of the round's own."""
    chance = Random(seed)  # noqa: S311  repeatable on purpose
    order = sorted(kinds)
    while True:
        chance.shuffle(order)
        for kind in order:
            yield Planned(
                kind, round(chance.uniform(0.0, LONGEST_PAUSE), 2), chance.getrandbits(32)
            )
