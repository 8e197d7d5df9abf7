"""What kind an item was can be read from its raw JSON, whatever came in."""

from collections import Counter
from random import Random

from shared.whatsapp.split_webhook import kind_of, split_webhook
from tests.fuzz.make_case import make_case


def test_an_item_is_of_the_kind_that_it_was_split_as() -> None:
    random = Random(4711)  # noqa: S311  the same cases every time
    counts: Counter[str] = Counter()
    for number in range(1000):
        for item in split_webhook(make_case(random, number).body):
            assert kind_of(item.raw) == item.kind, item.raw[:300]
            counts[item.kind] += 1

    assert min(counts[kind] for kind in ("message", "status", "other")) > 100
