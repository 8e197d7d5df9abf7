"""Two ways to write one number are one contact."""

import pytest

from shared.domain.contact import Sender
from shared.domain.phone import phone_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5511987654321", "551187654321"),
        ("5215512345678", "525512345678"),
        ("5491123456789", "541123456789"),
    ],
    ids=["Brazil", "Mexico", "Argentina"],
)
def test_r13_forms_of_one_number_have_one_key(one: str, other: str) -> None:
    assert phone_key(one) == phone_key(other)
    assert Sender(one, None).addresses == Sender(other, None).addresses
    assert list(Sender(one, None).forms.values()) == [one]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("551133334444", "5511933334444"),
        ("5521987654321", "5511987654321"),
        ("34611222333", "34911222333"),
        ("5215512345678", "5491512345678"),
    ],
    ids=["a landline of Brazil", "another city", "Spain", "another country"],
)
def test_other_numbers_stay_apart(one: str, other: str) -> None:
    assert phone_key(one) != phone_key(other)
