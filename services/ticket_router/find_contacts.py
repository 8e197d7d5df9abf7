"""Find the contacts behind senders, make those that are new, and follow changed addresses (R13)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.ticket_router.contact_rows import (
    are_known,
    find_apart,
    insert_contacts,
    lock_addresses,
    read_addresses,
)
from shared.database.transaction import Transaction
from shared.domain.address_book import FIRST_NEW, AddressBook
from shared.domain.contact import Address, IdentityChange, Sender
from shared.errors import TryAgainError
from shared.tickets.identity_changes import drop_changes, find_waiting_changes
from shared.tickets.join_contacts import join_contacts
from shared.tickets.record_conflicts import record_conflicts

MOVE_ADDRESSES = """
UPDATE contact_addresses
SET contact_id = new.contact_id, added_at = now(), seen_at = new.seen_at, left_at = NULL
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[])
     AS new (kind, match_key, contact_id, seen_at)
WHERE contact_addresses.kind = new.kind AND contact_addresses.match_key = new.match_key
"""

# Answers go to what was not left.
LEAVE_ADDRESSES = """
UPDATE contact_addresses SET left_at = new.left_at
FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS new (kind, match_key, left_at)
WHERE contact_addresses.kind = new.kind AND contact_addresses.match_key = new.match_key
"""


@dataclass(slots=True)
class Found:
    """The contacts of a batch's senders, and what is still to be done under their lock."""

    contacts: dict[Sender, int] = field(default_factory=dict)
    conflicts: dict[Sender, int] = field(default_factory=dict)
    """Whose the phone is that a sender shows and cannot have."""
    changed: dict[IdentityChange, int] = field(default_factory=dict)
    """Changes of addresses that told something new, and whose they were."""
    unknown: set[IdentityChange] = field(default_factory=set)
    """Changes that name nobody who is known."""
    told: set[str] = field(default_factory=set)
    """The event keys of all changes that had been kept and were looked at."""
    waited: list[str] = field(default_factory=list)
    """The event keys of changes that had been kept for a contact who is here now."""
    moves: dict[Address, int] = field(default_factory=dict)
    seen: dict[Address, datetime] = field(default_factory=dict)
    left: dict[Address, datetime] = field(default_factory=dict)
    joins: list[tuple[int, int]] = field(default_factory=list)
    created: set[int] = field(default_factory=set)
    """Contacts that this transaction has made: nobody else sees them yet."""
    to_lock: set[int] = field(default_factory=set)
    expected: dict[Address, int] = field(default_factory=dict)
    """What the addresses must look like when the contacts are locked, or somebody was quicker."""

    @property
    def everybody(self) -> set[int]:
        """Give all contacts that are concerned."""
        return self.to_lock | self.created


async def find_contacts(
    tx: Transaction, senders: Mapping[Sender, datetime], changes: Collection[IdentityChange]
) -> Found:
    """Give each sender's contact, making new ones; the contacts are not locked yet.

    `senders` come with WhatsApp's second of the earliest message that shows them so. Raises
    TryAgainError where what was looked at changes at this very moment.
    """
    book, found = await _look_up(tx, senders, changes)
    if unknown := _unknown(book, found):
        # Whoever else makes a contact of one of these, or keeps a change that is about one, waits
        # here. That is done once only: in any other order two could wait for one another.
        await lock_addresses(tx, unknown)
        if await are_known(tx, unknown, found.told):
            book, found = await _look_up(tx, senders, changes)
            if not unknown.issuperset(_unknown(book, found)):
                raise TryAgainError("addresses have changed")
    await _write_new(tx, found, book)
    return found


async def _look_up(
    tx: Transaction, senders: Mapping[Sender, datetime], changes: Iterable[IdentityChange]
) -> tuple[AddressBook, Found]:
    """Read what is known, and resolve everybody over it."""
    told: dict[IdentityChange, str | None] = dict.fromkeys(changes)
    named = await _find_all_named(tx, senders, told)
    if not named:
        return AddressBook({}), Found()
    owners, seen = await read_addresses(tx, {address for one in named for address in one.addresses})
    book, found = _resolve(AddressBook(dict(owners), dict(seen)), senders, told)
    if book.joins and (apart := await find_apart(tx, book.touched)):
        book, found = _resolve(AddressBook(dict(owners), dict(seen), apart), senders, told)
    found.expected = owners
    found.told = {key for key in told.values() if key}
    found.waited = [key for change, key in told.items() if key and change not in found.unknown]
    return book, found


def _unknown(book: AddressBook, found: Found) -> set[Address]:
    """Give the addresses that have no row yet and shall have one, or be waited for."""
    kept = {address for change in found.unknown for address in change.before.addresses}
    return (kept - found.expected.keys()) | book.adds.keys()


async def _find_all_named(
    tx: Transaction, senders: Mapping[Sender, datetime], told: dict[IdentityChange, str | None]
) -> list[Sender]:
    """Add to `told` all changes that have waited for one of these; give everybody who is named."""
    while True:
        named = [*senders, *(one for change in told for one in (change.before, change.after))]
        waiting = await find_waiting_changes(tx, named) if named else {}
        before = len(told)
        told |= {change: key for key, change in waiting.items()}
        if len(told) == before:
            return named


def _resolve(
    book: AddressBook,
    senders: Mapping[Sender, datetime],
    told: Iterable[IdentityChange],
) -> tuple[AddressBook, Found]:
    found = Found()
    for sender, at in senders.items():
        met = book.meet(sender, at)
        found.contacts[sender] = int(met.contact_id or 0)
        if met.conflict is not None:
            found.conflicts[sender] = met.conflict
    found.unknown = set(told)
    # One may make known whom another one is about.
    while True:
        before = len(found.unknown)
        for change in sorted(found.unknown, key=lambda one: (one.at, repr(one))):
            met = book.change(change)
            if met.contact_id is None:
                continue
            found.unknown.remove(change)
            if met.adds or met.moves or met.joins:
                found.changed[change] = met.contact_id
        if len(found.unknown) == before:
            return book, found


async def _write_new(tx: Transaction, found: Found, book: AddressBook) -> None:
    """Write new contacts and addresses, and give the contacts the ids that they have now."""
    ended = {merged for _, merged in book.joins}
    new = [FIRST_NEW + place for place in range(book.created)]
    owners = {what: book.now(book.owners[what]) for what in book.adds}
    ids = await insert_contacts(tx, [one for one in new if one not in ended], book, owners)

    def real(contact_id: int) -> int:
        now = book.now(contact_id)
        return ids.get(now, now)

    found.contacts = {who: real(one) for who, one in found.contacts.items()}
    found.conflicts = {who: real(one) for who, one in found.conflicts.items()}
    found.changed = {change: real(one) for change, one in found.changed.items()}
    found.joins = [(real(goes_on), one) for goes_on, one in book.joins if one < FIRST_NEW]
    # What was new in this batch and passed on in it is written where it is now.
    found.moves = {what: real(one) for what, one in book.moves.items() if what not in book.adds}
    found.created = set(ids.values())
    found.to_lock = {one for one in book.touched if one < FIRST_NEW}
    found.seen, found.left = book.seen, book.left
    # Nobody else can have changed those of a contact whom only this transaction sees.
    found.expected |= {what: one for what, one in owners.items() if one < FIRST_NEW}


async def confirm_contacts(tx: Transaction, found: Found, now: datetime) -> None:
    """Read the addresses again now that the contacts are locked; then move and join.

    Raises TryAgainError where somebody else has changed one of them since.
    """
    if found.expected and (await read_addresses(tx, found.expected))[0] != found.expected:
        raise TryAgainError("addresses have changed")
    if found.moves:
        await tx.connection.execute(
            MOVE_ADDRESSES,
            [kind for kind, _ in found.moves],
            [key for _, key in found.moves],
            list(found.moves.values()),
            [found.seen[address] for address in found.moves],
        )
    if found.left:
        await tx.connection.execute(
            LEAVE_ADDRESSES,
            [kind for kind, _ in found.left],
            [key for _, key in found.left],
            list(found.left.values()),
        )
    for goes_on, merged in found.joins:
        await join_contacts(tx, goes_on, merged, "system", now)
    await drop_changes(tx, found.waited)
    for contact_id in found.changed.values():
        tx.log("contact.changed", contact_id=contact_id)
    await record_conflicts(
        tx, [(found.contacts[who], owner) for who, owner in found.conflicts.items()], now
    )
