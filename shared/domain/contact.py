"""Which contact a sender is: the user id identifies, a phone only where nothing speaks against it.

WhatsApp users may hide their phone number, and phone numbers pass to other people (R13).
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.domain.phone import phone_key

AddressKind = Literal["phone", "user_id"]
Address = tuple[AddressKind, str]
"""The key of an address; for a phone what its forms have in common."""
Kinds = Mapping[int, Set[AddressKind]]
"""Which kinds of address each contact has."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The addresses that one event shows of its sender; at least one is not None."""

    phone: str | None
    user_id: str | None

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Give what the sender is known by, in the order in which rows are locked."""
        phone: tuple[Address, ...] = (("phone", phone_key(self.phone)),) if self.phone else ()
        user_id: tuple[Address, ...] = (("user_id", self.user_id),) if self.user_id else ()
        return phone + user_id

    @property
    def forms(self) -> dict[Address, str]:
        """Give each address in the form in which Meta wrote it."""
        written = [one for one in (self.phone, self.user_id) if one]
        return dict(zip(self.addresses, written, strict=True))


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """WhatsApp told that somebody has other addresses now (a `system` message)."""

    before: Sender
    after: Sender
    at: datetime
    """WhatsApp's second: whoever shows the earlier number later is somebody else."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who somebody is, and what an event changes in what is known of that contact."""

    contact_id: int | None
    """None: nobody yet, a new contact."""
    adds: tuple[Address, ...] = ()
    moves: tuple[Address, ...] = ()
    """They pass from their owners to this contact."""
    joins: tuple[int, ...] = ()
    """Other contacts that are the same person; the oldest one goes on."""
    conflict: int | None = None
    """Whose the phone is, which cannot be given to this sender (recorded)."""


def resolve_sender(
    sender: Sender,
    owners: Mapping[Address, int],
    kinds: Kinds,
    apart: Set[frozenset[int]] = frozenset(),
) -> Resolution:
    """Say which contact a sender is (R13); `owners` maps known addresses to contacts.

    `apart` are pairs of contacts of whom a person said that they are two.
    """
    by_phone, by_user = _owners(sender, owners)
    unknown = tuple(address for address in sender.addresses if address not in owners)
    if by_user is not None and by_phone is not None and by_phone != by_user:
        # They complete each other: one has only a phone, the other only a user id.
        complete = "phone" not in kinds[by_user] and "user_id" not in kinds[by_phone]
        if complete and frozenset({by_user, by_phone}) not in apart:
            return Resolution(min(by_user, by_phone), joins=(max(by_user, by_phone),))
        return Resolution(by_user, conflict=by_phone)
    if by_user is not None:
        return Resolution(by_user, adds=unknown)
    if by_phone is None:
        return Resolution(None, adds=unknown)
    if sender.user_id is not None and "user_id" in kinds[by_phone]:
        # The number was given to another person: the newcomer takes it over.
        return Resolution(None, adds=unknown, moves=sender.addresses[:1])
    return Resolution(by_phone, adds=unknown)


def resolve_change(
    change: IdentityChange,
    owners: Mapping[Address, int],
    kinds: Kinds,
    seen: Mapping[Address, datetime],
    apart: Set[frozenset[int]] = frozenset(),
) -> Resolution:
    """Say whose addresses have changed and what that means; contact None: nobody's that is known.

    All whom the event names are one person, but for the owner of a phone whose user id is another
    one: a number that passed on. `seen` tells when each address was first shown by its owner.
    """
    by_old_phone, by_previous = _owners(change.before, owners)
    by_new_phone, by_new_user = _owners(change.after, owners)
    named = {one for one in (by_previous, by_new_user) if one is not None}
    person = by_previous
    if by_old_phone is not None and seen[change.before.addresses[0]] > change.at:
        by_old_phone = None  # the number's next owner
    if by_old_phone is not None and _is_the_person(by_old_phone, change.before, named, kinds):
        person = by_old_phone if person is None else person
        named.add(by_old_phone)
    if person is None:
        return Resolution(None)
    moves: tuple[Address, ...] = ()
    if by_new_phone is not None and by_new_phone not in named:
        if "user_id" in kinds[by_new_phone] and any("user_id" in kinds[one] for one in named):
            moves = change.after.addresses[:1]
        else:
            named.add(by_new_phone)
    adds = tuple(
        address
        for address in (*change.before.addresses, *change.after.addresses)
        if address not in owners
    )
    oldest, *others = sorted(named)
    joins = tuple(one for one in others if frozenset({oldest, one}) not in apart)
    return Resolution(oldest, adds, moves, joins)


def _is_the_person(owner: int, before: Sender, named: Set[int], kinds: Kinds) -> bool:
    """Tell whether the owner of the earlier phone is whom the event is about."""
    return owner in named or before.user_id is None or "user_id" not in kinds[owner]


def _owners(sender: Sender, owners: Mapping[Address, int]) -> tuple[int | None, int | None]:
    by_kind = {address[0]: owners.get(address) for address in sender.addresses}
    return by_kind.get("phone"), by_kind.get("user_id")
