"""Statuses come in any order, and none is taken back."""

from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.delivery import delivery_of, is_further


def _after(*states: str) -> str:
    known = "pending"
    for state in states:
        known = state if is_further(state, known) else known
    return known


def test_any_order_of_statuses_ends_with_the_furthest() -> None:
    for order in permutations(["sent", "delivered", "read"]):
        assert _after(*order) == "read"


def test_what_has_arrived_has_not_failed() -> None:
    assert _after("failed", "delivered") == "delivered"
    assert _after("delivered", "failed") == "delivered"
    assert _after("sent", "failed") == _after("failed", "sent") == "failed"


def test_the_same_status_twice_says_nothing_new() -> None:
    assert not is_further("sent", "sent")


@pytest.mark.parametrize("state", ["sent", "delivered", "read", "failed"])
def test_r17_a_status_settles_what_was_unknown(state: str) -> None:
    assert is_further(state, "unknown")


@pytest.mark.parametrize("settled", [None, "undeliverable"])
def test_what_was_never_sent_has_no_status(settled: str | None) -> None:
    assert not is_further("read", settled)


@pytest.mark.parametrize(
    ("status", "state"),
    [("sent", "sent"), ("read", "read"), ("played", "read"), ("failed", "failed"),
     ("deleted", None), ("", None), (None, None)],
)  # fmt: skip
def test_whatsapps_words_and_ours(status: str | None, state: str | None) -> None:
    assert delivery_of(status) == state


# From the least to the most, apart from `unknown`, which says as little as `pending`.
ORDERED = ["pending", "sent", "failed", "delivered", "read"]


@given(st.lists(st.sampled_from(ORDERED[1:])), st.randoms(use_true_random=False))
def test_any_statuses_in_any_order_and_number_end_with_the_furthest(
    states: list[str], chance: Random
) -> None:
    again = states * 2
    chance.shuffle(again)

    assert _after(*again) == max(["pending", *states], key=ORDERED.index)


@given(st.lists(st.sampled_from(ORDERED[1:])), st.sampled_from(["pending", "unknown"]))
def test_no_status_takes_a_state_back(states: list[str], first: str) -> None:
    known = [first]
    for state in states:
        known.append(state if is_further(state, known[-1]) else known[-1])

    ranks = [ORDERED.index("pending" if one == "unknown" else one) for one in known]
    assert ranks == sorted(ranks)


@given(st.text())
def test_a_word_that_whatsapp_does_not_use_is_no_state(word: str) -> None:
    known = {"sent", "delivered", "read", "played", "failed"}

    assert (delivery_of(word) in ORDERED) == (word in known)
