"""What the Graph API's codes mean, on the side of keeping messages."""

import pytest

from shared.whatsapp.error_codes import judge_code


@pytest.mark.parametrize("code", [2, 4, 80007, 130429, 131056, 131016, 131057, 133004])
def test_throttling_and_outages_are_tried_again(code: int) -> None:
    assert judge_code(code) == "retry"


@pytest.mark.parametrize("code", [1, 131000])
def test_an_unknown_error_is_tried_again_a_few_times(code: int) -> None:
    assert judge_code(code) == "few"


@pytest.mark.parametrize("code", [0, 3, 10, 33, 190, 200, 299, 368, 131005, 131031, 131042, 131045])
def test_what_a_person_must_mend_waits(code: int) -> None:
    assert judge_code(code) == "later"


@pytest.mark.parametrize(
    "code", [100, 131008, 131009, 131026, 131047, 132001, 300, 199, -1, 999999]
)
def test_what_never_works_has_failed(code: int) -> None:
    assert judge_code(code) == "fail"
