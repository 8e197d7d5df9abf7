"""A step of the conversation that does not come is named."""

import pytest

from deploy.local.wait_for_step import StepMissingError, wait_for_step


def test_what_is_seen_later_is_given() -> None:
    looks = iter([None, None, "seen"])

    assert wait_for_step("a step", lambda: next(looks)) == "seen"


def test_a_step_that_does_not_come_is_named() -> None:
    with pytest.raises(StepMissingError, match="did not come: the closing message"):
        wait_for_step("the closing message", lambda: None, seconds=0.1)
