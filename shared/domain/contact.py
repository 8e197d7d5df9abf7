"""Which contact a sender is: the user id identifies, a phone only where nothing speaks against it.

WhatsApp users may hide their phone number, and phone numbers pass to other people (R13).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

AddressKind = Literal["phone", "user_id"]
Address = tuple[AddressKind, str]


@dataclass(frozen=True, slots=True)
class Sender:
    """The addresses that one event shows of its sender; at least one is not None."""

    phone: str | None
    user_id: str | None

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Give what the sender is known by, in the order in which rows are locked."""
        phone: tuple[Address, ...] = (("phone", self.phone),) if self.phone else ()
        user_id: tuple[Address, ...] = (("user_id", self.user_id),) if self.user_id else ()
        return phone + user_id


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who a sender is, and which addresses the event adds or moves to that contact."""

    contact_id: int | None
    """None: nobody yet, a new contact."""
    adds: tuple[Address, ...] = ()
    moves: tuple[Address, ...] = ()
    conflict: bool = False
    """The phone belongs to somebody else and cannot be given to this sender (recorded)."""


def resolve_sender(
    sender: Sender, owners: Mapping[Address, int], with_user_id: Iterable[int]
) -> Resolution:
    """Say which contact a sender is (R13).

    `owners` maps known addresses to contacts; `with_user_id` are the contacts that have a user id.
    """
    by_user = owners.get(("user_id", sender.user_id)) if sender.user_id else None
    by_phone = owners.get(("phone", sender.phone)) if sender.phone else None
    unknown = tuple(address for address in sender.addresses if address not in owners)
    if by_user is not None:
        stands_elsewhere = by_phone is not None and by_phone != by_user
        return Resolution(by_user, adds=unknown, conflict=stands_elsewhere)
    if by_phone is None:
        return Resolution(None, adds=unknown)
    if sender.user_id is not None and by_phone in set(with_user_id):
        # The number was given to another person: the newcomer takes it over.
        return Resolution(None, adds=unknown, moves=(("phone", str(sender.phone)),))
    return Resolution(by_phone, adds=unknown)
