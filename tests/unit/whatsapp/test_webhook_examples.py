"""What WhatsApp sends has an example for each case, and the examples do not disturb one another."""

import re
from collections import defaultdict

import msgspec
import pytest

from tests.system import PHONE_NUMBER_ID
from tests.webhook_examples import (
    Example,
    example_names,
    names_to_cover,
    read_example,
    strings,
)

ANOTHER_NUMBER = {"another phone_number_id", "statuses for another phone_number_id"}
OUR_NUMBERS = {"34973901905", "34973901906"}

_PHONE = re.compile(r"\+?\d{8,15}")
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
# Where a telephone number stands; a shared card (`phone`) may show anybody's.
_PHONE_KEYS = {"from", "to", "wa_id", "new_wa_id", "customer", "recipient_id"}


@pytest.mark.parametrize("name", example_names())
def test_an_example_has_the_form(name: str) -> None:
    msgspec.convert(read_example(name), Example)


def test_everything_that_whatsapp_sends_has_an_example() -> None:
    covered = {cover for name in example_names() for cover in read_example(name)["covers"]}
    wanted = names_to_cover()

    assert sorted(set(wanted) - covered) == [], "has no example"
    assert sorted(covered - set(wanted)) == [], "is no name of the list"
    assert len(wanted) == len(set(wanted))


def test_no_two_examples_share_an_address_or_a_wamid() -> None:
    owners = defaultdict(set)
    for name in example_names():
        for one in _own(name):
            owners[one].add(name)

    assert {one: names for one, names in owners.items() if len(names) > 1} == {}


@pytest.mark.parametrize("name", example_names())
def test_an_example_is_for_the_number_of_the_tests(name: str) -> None:
    example = read_example(name)
    numbers = {text for key, text in strings(example) if key == "phone_number_id"}

    if not ANOTHER_NUMBER & set(example["covers"]):
        assert numbers <= {PHONE_NUMBER_ID}


def _own(name: str) -> set[str]:
    """Give what must belong to this example alone: addresses, wamids, media ids."""
    return {
        text.removeprefix("+")
        for key, text in strings(read_example(name)["webhooks"])
        if text not in OUR_NUMBERS | {PHONE_NUMBER_ID}
        and (
            _USER_ID.fullmatch(text)
            or text.startswith("wamid.")
            or (key in _PHONE_KEYS and _PHONE.fullmatch(text))
            or (key == "id" and text.isdigit() and len(text) == 16)
        )
    }
