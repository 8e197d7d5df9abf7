"""R13: the user id identifies, a phone only where nothing speaks against it."""

import pytest

from shared.domain.contact import Address, Resolution, Sender, resolve_sender

PHONE: Address = ("phone", "34600111222")
OTHER_PHONE: Address = ("phone", "34600999888")
USER: Address = ("user_id", "ES.Ana")
OTHER_USER: Address = ("user_id", "ES.Bea")

ANA, BEA = 1, 2


def _sender(phone: Address | None = None, user_id: Address | None = None) -> Sender:
    return Sender(phone[1] if phone else None, user_id[1] if user_id else None)


@pytest.mark.parametrize(
    ("sender", "owners", "resolution"),
    [
        (_sender(PHONE), {}, Resolution(None, adds=(PHONE,))),
        (_sender(PHONE, USER), {}, Resolution(None, adds=(PHONE, USER))),
        (_sender(PHONE), {PHONE: ANA}, Resolution(ANA)),
        (_sender(PHONE), {PHONE: ANA, USER: ANA}, Resolution(ANA)),
        (_sender(None, USER), {USER: ANA}, Resolution(ANA)),
        (_sender(PHONE, USER), {PHONE: ANA}, Resolution(ANA, adds=(USER,))),
        (_sender(OTHER_PHONE, USER), {PHONE: ANA, USER: ANA}, Resolution(ANA, adds=(OTHER_PHONE,))),
        (
            _sender(PHONE, OTHER_USER),
            {PHONE: ANA, USER: ANA},
            Resolution(None, adds=(OTHER_USER,), moves=(PHONE,)),
        ),
        (_sender(PHONE, USER), {PHONE: BEA, USER: ANA}, Resolution(ANA, conflict=True)),
    ],
    ids=[
        "a new phone is a new contact",
        "a new person brings both addresses",
        "a phone alone identifies whoever has it",
        "also one who has a user id",
        "a user id identifies",
        "a contact without user id gets the one that the sender shows",
        "whoever is known by user id brings a new phone along",
        "a phone of somebody with another user id passes to a new contact",
        "two contacts that do not fit are a conflict, and messages follow the user id",
    ],
)
def test_who_a_sender_is(
    sender: Sender, owners: dict[Address, int], resolution: Resolution
) -> None:
    with_user_id = [contact for (kind, _), contact in owners.items() if kind == "user_id"]

    assert resolve_sender(sender, owners, with_user_id) == resolution


def test_addresses_are_in_the_order_in_which_rows_are_locked() -> None:
    assert _sender(PHONE, USER).addresses == (PHONE, USER)
    assert _sender(None, USER).addresses == (USER,)
