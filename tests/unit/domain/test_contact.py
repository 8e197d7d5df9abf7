"""R13: the user id identifies, a phone only where nothing speaks against it."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.contact import (
    Address,
    AddressKind,
    IdentityChange,
    Resolution,
    Sender,
    resolve_change,
    resolve_sender,
)

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
        (_sender(PHONE, USER), {PHONE: BEA, USER: ANA}, Resolution(ANA, joins=(BEA,))),
        (_sender(PHONE, USER), {PHONE: ANA, USER: BEA}, Resolution(ANA, joins=(BEA,))),
        (
            _sender(PHONE, USER),
            {PHONE: BEA, USER: ANA, OTHER_PHONE: ANA},
            Resolution(ANA, conflict=BEA),
        ),
        (
            _sender(PHONE, USER),
            {PHONE: BEA, USER: ANA, OTHER_USER: BEA},
            Resolution(ANA, conflict=BEA),
        ),
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
        "two who complete each other are one, the older one goes on",
        "also where the older one is known by phone",
        "one who has a phone is not completed by another's; messages follow the user id",
        "nor is one who has a user id of his own",
    ],
)
def test_who_a_sender_is(
    sender: Sender, owners: dict[Address, int], resolution: Resolution
) -> None:
    assert resolve_sender(sender, owners, _kinds(owners)) == resolution


def _kinds(owners: dict[Address, int]) -> dict[int, set[AddressKind]]:
    kinds: dict[int, set[AddressKind]] = {}
    for (kind, _), contact in owners.items():
        kinds.setdefault(contact, set()).add(kind)
    return kinds


# Ana had PHONE and USER, and has NEW_PHONE and NEW_USER now.
NEW_PHONE: Address = ("phone", "34600777666")
NEW_USER: Address = ("user_id", "ES.AnaNew")
AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
CHANGE = IdentityChange(_sender(PHONE, USER), _sender(NEW_PHONE, NEW_USER), AT)
PHONE_ALONE = IdentityChange(_sender(PHONE), _sender(NEW_PHONE), AT)
USER_ALONE = IdentityChange(_sender(None, USER), _sender(None, NEW_USER), AT)


@pytest.mark.parametrize(
    ("change", "owners", "resolution"),
    [
        (CHANGE, {}, Resolution(None)),
        (CHANGE, {NEW_USER: ANA}, Resolution(None)),
        (CHANGE, {PHONE: ANA, USER: ANA}, Resolution(ANA, adds=(NEW_PHONE, NEW_USER))),
        (CHANGE, {PHONE: ANA}, Resolution(ANA, adds=(USER, NEW_PHONE, NEW_USER))),
        (CHANGE, {PHONE: BEA, OTHER_USER: BEA}, Resolution(None)),
        (PHONE_ALONE, {PHONE: BEA, OTHER_USER: BEA}, Resolution(BEA, adds=(NEW_PHONE,))),
        (
            CHANGE,
            {PHONE: BEA, OTHER_USER: BEA, USER: ANA},
            Resolution(ANA, adds=(NEW_PHONE, NEW_USER)),
        ),
        (USER_ALONE, {USER: ANA}, Resolution(ANA, adds=(NEW_USER,))),
        (USER_ALONE, {USER: ANA, NEW_USER: BEA}, Resolution(ANA, joins=(BEA,))),
        (
            CHANGE,
            {USER: BEA, NEW_USER: ANA},
            Resolution(ANA, adds=(PHONE, NEW_PHONE), joins=(BEA,)),
        ),
        (
            CHANGE,
            {PHONE: 3, USER: 2, NEW_PHONE: 4, NEW_USER: ANA},
            Resolution(ANA, joins=(2, 3, 4)),
        ),
        (PHONE_ALONE, {PHONE: ANA, NEW_PHONE: BEA}, Resolution(ANA, joins=(BEA,))),
        (PHONE_ALONE, {PHONE: ANA, NEW_PHONE: BEA, OTHER_USER: BEA}, Resolution(ANA, joins=(BEA,))),
        (
            PHONE_ALONE,
            {PHONE: ANA, USER: ANA, NEW_PHONE: BEA, OTHER_USER: BEA},
            Resolution(ANA, moves=(NEW_PHONE,)),
        ),
        (
            CHANGE,
            {PHONE: ANA, USER: ANA, NEW_PHONE: ANA, NEW_USER: ANA},
            Resolution(ANA),
        ),
    ],
    ids=[
        "nobody who is known",
        "nobody whose earlier addresses are known",
        "the contact gets the new addresses beside the old ones",
        "a phone alone tells who it is",
        "but not where its contact has another user id",
        "an event without user ids goes by the phone",
        "the user id says who it is",
        "a user id that changed",
        "two whom the event names are one",
        "the older one goes on, whichever that is",
        "all four whom the event names",
        "also where the new phone has written before",
        "also with a user id, where nothing speaks against it",
        "a new phone of somebody else has passed on",
        "a second notice of the same tells nothing new",
    ],
)
def test_whose_addresses_have_changed(
    change: IdentityChange, owners: dict[Address, int], resolution: Resolution
) -> None:
    seen = dict.fromkeys(owners, AT)

    assert resolve_change(change, owners, _kinds(owners), seen) == resolution


def test_whoever_shows_the_earlier_number_after_the_change_is_somebody_else() -> None:
    owners = {PHONE: BEA}
    seen = {PHONE: AT + timedelta(seconds=1)}

    assert resolve_change(PHONE_ALONE, owners, _kinds(owners), seen) == Resolution(None)


def test_two_whom_a_person_has_set_apart_stay_two() -> None:
    owners = {PHONE: BEA, USER: ANA}
    apart = frozenset({frozenset({ANA, BEA})})

    told = resolve_sender(_sender(PHONE, USER), owners, _kinds(owners), apart)

    assert told == Resolution(ANA, conflict=BEA)


def test_addresses_are_in_the_order_in_which_rows_are_locked() -> None:
    assert _sender(PHONE, USER).addresses == (PHONE, USER)
    assert _sender(None, USER).addresses == (USER,)
