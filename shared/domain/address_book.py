"""Who is behind a batch's senders, one after the other: what one shows counts for the next."""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.contact import (
    Address,
    AddressKind,
    IdentityChange,
    Resolution,
    Sender,
    resolve_change,
    resolve_sender,
)

# Contacts that are not written yet have numbers from here on: they are younger than all others.
FIRST_NEW = 1 << 62


@dataclass(slots=True)
class AddressBook:
    """Starts with the addresses that are known, all of each contact that is concerned."""

    owners: dict[Address, int]
    seen: dict[Address, datetime] = field(default_factory=dict)
    """When each address was first shown by its owner, by WhatsApp's clock."""
    apart: Set[frozenset[int]] = frozenset()
    """Pairs of contacts of whom a person said that they are two."""
    kinds: dict[int, set[AddressKind]] = field(default_factory=dict)
    adds: dict[Address, str] = field(default_factory=dict)
    """New addresses, in the form in which Meta wrote them."""
    left: dict[Address, datetime] = field(default_factory=dict)
    """Addresses that their contacts have changed for others."""
    moves: dict[Address, int] = field(default_factory=dict)
    """Addresses that pass from one contact to another."""
    joins: list[tuple[int, int]] = field(default_factory=list)
    """Two contacts that are one person: who goes on, and who ends."""
    touched: set[int] = field(default_factory=set)
    """Every contact that an event of the batch is about, or loses something by it."""
    created: int = 0
    _ended: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for (kind, _), contact_id in self.owners.items():
            self.kinds.setdefault(contact_id, set()).add(kind)

    def meet(self, sender: Sender, at: datetime) -> Resolution:
        """Give a sender's contact, a new one where nobody is known; `contact_id` is never None."""
        found = resolve_sender(sender, self.owners, self.kinds, self.apart)
        if found.contact_id is None:
            found = Resolution(FIRST_NEW + self.created, found.adds, found.moves)
            self.created += 1
        self._take_over(found, sender.forms, at)
        if found.conflict is not None:
            self.touched.add(found.conflict)
        return found

    def change(self, change: IdentityChange) -> Resolution:
        """Apply a change of addresses; `contact_id` is None where it names nobody known."""
        found = resolve_change(change, self.owners, self.kinds, self.seen, self.apart)
        if found.contact_id is not None:
            self._take_over(found, change.before.forms | change.after.forms, change.at)
            theirs = [one for one in change.before.addresses if one not in change.after.addresses]
            self.left |= {one: change.at for one in theirs if self.owners[one] == found.contact_id}
        return found

    def now(self, contact_id: int) -> int:
        """Give the contact that a contact of earlier in the batch has become part of."""
        while contact_id in self._ended:
            contact_id = self._ended[contact_id]
        return contact_id

    def _take_over(self, found: Resolution, forms: Mapping[Address, str], at: datetime) -> None:
        contact_id = found.contact_id
        if contact_id is None:
            return
        for other in found.joins:
            self._join(contact_id, other)
        self.touched.add(contact_id)
        for address in found.moves:
            self.touched.add(self.owners[address])
            self.moves[address] = contact_id
        for address in found.adds:
            self.adds[address] = forms[address]
        taken = (*found.adds, *found.moves)
        self.seen |= dict.fromkeys(taken, at)
        if taken:
            self._own(taken, contact_id)

    def _join(self, contact_id: int, other: int) -> None:
        self.joins.append((contact_id, other))
        self.touched.add(other)
        self._ended[other] = contact_id
        self._own([one for one, owner in self.owners.items() if owner == other], contact_id)
        self.kinds.pop(other, None)

    def _own(self, addresses: Collection[Address], contact_id: int) -> None:
        losers = {self.owners[one] for one in addresses if one in self.owners} - {contact_id}
        self.owners |= dict.fromkeys(addresses, contact_id)
        self.kinds.setdefault(contact_id, set()).update(kind for kind, _ in addresses)
        for one in losers:
            self.kinds[one] = {kind for (kind, _), owner in self.owners.items() if owner == one}
