"""What the Cloud API's codes mean, for the message, its contact and the channel."""

import pytest

from services.whatsapp_simulator.graph_errors import ERRORS
from shared.whatsapp.error_codes import RULES, rule_of

# As in Meta's documents (2025-11-19, 2026-05-15) and the advice that they give.
RETRY = {1, 2, 131000, 131016, 131056, 131057, 131064, 133004}
SLOW = {4, 80007, 130429, 131208}
REGISTRATION = {133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016}
ACCOUNT = {0, 3, 10, 33, 190, 368, 131005, 131031, 131037, 131042, 131045, 131048}
STOP = {*ACCOUNT, *REGISTRATION, *range(200, 300)}
WINDOW = {131047}


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_documented_code_has_a_rule(code: int) -> None:
    rule = rule_of(code, ERRORS[code][0])

    expected = (
        "retry" if code in RETRY
        else "slow" if code in SLOW
        else "stop" if code in STOP
        else "window" if code in WINDOW
        else "fail"
    )  # fmt: skip
    assert code in RULES
    assert rule.action == expected
    assert rule_of(code) == rule, "a status says the same as an answer"


@pytest.mark.parametrize(
    ("code", "status", "action"),
    [
        (999_999, 400, "fail"), (999_999, None, "fail"), (-1, 400, "fail"), (300, 400, "fail"),
        (999_999, 401, "stop"), (999_999, 403, "retry"), (999_999, 429, "slow"),
        (999_999, 500, "retry"), (999_999, 503, "retry"),
    ],
)  # fmt: skip
def test_an_unknown_code_goes_by_its_class(code: int, status: int | None, action: str) -> None:
    assert rule_of(code, status).action == action


def test_what_is_unknown_is_not_tried_for_ever() -> None:
    assert rule_of(999_999, 500).most_attempts is not None
    assert rule_of(999_999, 403).most_attempts is not None


def test_an_object_that_is_not_there_is_the_number_and_not_the_message() -> None:
    """Graph says 100 with subcode 33 where the number's id is wrong or another account's."""
    assert rule_of(100, 400, 33).action == "stop"
    assert rule_of(100, 400, None).action == "fail"


def test_an_answer_without_a_code_says_nothing_of_the_message() -> None:
    assert rule_of(None).action == "stop"
    assert rule_of(None).most_attempts is None
    assert rule_of(None, 429).action == "slow", "whoever says it, it is too fast"


def test_the_pair_limit_waits_as_meta_advises() -> None:
    rule = rule_of(131056, 400)
    assert [rule.delay_seconds(times) for times in (1, 2, 3, 4)] == [1, 4, 16, 64]


def test_delays_double_and_have_an_end() -> None:
    rule = rule_of(131016, 500)
    assert [rule.delay_seconds(times) for times in (1, 2, 3)] == [2, 4, 8]
    assert rule.delay_seconds(100) == rule.longest_seconds == 300
