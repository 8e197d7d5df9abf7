"""Find the contacts behind senders, make those that are new, and follow changed addresses (R13)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.database.transaction import Transaction
from shared.domain.address_book import FIRST_NEW, AddressBook
from shared.domain.contact import Address, IdentityChange, Sender
from shared.errors import TryAgainError
from shared.tickets.identity_changes import drop_changes, find_waiting_changes
from shared.tickets.join_contacts import join_contacts
from shared.tickets.record_conflicts import record_conflicts

# All addresses of every contact that has one of the given.
FIND_ADDRESSES = """
SELECT kind, match_key, contact_id FROM contact_addresses
WHERE contact_id IN (
    SELECT contact_id FROM contact_addresses
    WHERE (kind, match_key) IN (SELECT * FROM unnest($1::text[], $2::text[])))
"""

# In the order of the keys, so that two routers never wait for one another in a circle. Whoever
# comes second for an address gets a unique violation, does the batch again, and finds the contact.
INSERT_ADDRESSES = """
INSERT INTO contact_addresses (kind, match_key, value, contact_id)
SELECT kind, match_key, value, contact_id
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
     AS new (kind, match_key, value, contact_id)
ORDER BY kind, match_key
"""

NEXT_CONTACTS = """
SELECT nextval(pg_get_serial_sequence('contacts', 'id')) AS id FROM generate_series(1, $1)
"""
INSERT_CONTACTS = "INSERT INTO contacts (id) SELECT * FROM unnest($1::bigint[])"

MOVE_ADDRESSES = """
UPDATE contact_addresses SET contact_id = new.contact_id, added_at = now()
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS new (kind, match_key, contact_id)
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
    waited: list[str] = field(default_factory=list)
    """The event keys of changes that had been kept for a contact who is here now."""
    moves: dict[Address, int] = field(default_factory=dict)
    joins: list[tuple[int, int]] = field(default_factory=list)
    to_lock: set[int] = field(default_factory=set)
    expected: dict[Address, int] = field(default_factory=dict)
    """What the addresses must look like when the contacts are locked, or somebody was quicker."""


async def find_contacts(
    tx: Transaction, senders: Iterable[Sender], changes: Iterable[IdentityChange]
) -> Found:
    """Give each sender's contact, making new ones; the contacts are not locked yet."""
    wanted = list(dict.fromkeys(senders))
    waiting = await find_waiting_changes(tx, wanted) if wanted else {}
    told = list(dict.fromkeys([*changes, *waiting.values()]))
    named = [*wanted, *(one for change in told for one in (change.before, change.after))]
    book = AddressBook(await _owners(tx, named))
    found = Found(expected=dict(book.owners))
    for sender in wanted:
        met = book.meet(sender)
        found.contacts[sender] = int(met.contact_id or 0)
        if met.conflict is not None:
            found.conflicts[sender] = met.conflict
    for change in told:
        met = book.change(change)
        if met.contact_id is None:
            found.unknown.add(change)
        elif met.adds or met.moves or met.joins:
            found.changed[change] = met.contact_id
    found.waited = [key for key, change in waiting.items() if change not in found.unknown]
    await _write_new(tx, found, book)
    return found


async def _write_new(tx: Transaction, found: Found, book: AddressBook) -> None:
    """Write new contacts and addresses, and give the contacts the ids that they have now."""
    ended = {merged for _, merged in book.joins}
    new = [FIRST_NEW + place for place in range(book.created)]
    ids = await _make_contacts(tx, [one for one in new if one not in ended])

    def real(contact_id: int) -> int:
        now = book.now(contact_id)
        return ids.get(now, now)

    found.contacts = {who: real(one) for who, one in found.contacts.items()}
    found.conflicts = {who: real(one) for who, one in found.conflicts.items()}
    found.changed = {change: real(one) for change, one in found.changed.items()}
    found.joins = [(real(goes_on), one) for goes_on, one in book.joins if one < FIRST_NEW]
    # What was new in this batch and passed on in it is written where it is now.
    found.moves = {what: real(one) for what, one in book.moves.items() if what not in book.adds}
    found.to_lock = {one for one in book.touched if one < FIRST_NEW} | set(ids.values())
    added = {what: (real(book.owners[what]), form) for what, (_, form) in book.adds.items()}
    await _insert_addresses(tx, added)
    found.expected |= {what: contact_id for what, (contact_id, _) in added.items()}


async def _make_contacts(tx: Transaction, new: Sequence[int]) -> dict[int, int]:
    if not new:
        return {}
    rows = await tx.connection.fetch(NEXT_CONTACTS, len(new))
    ids = {one: row["id"] for one, row in zip(new, rows, strict=True)}
    await tx.connection.execute(INSERT_CONTACTS, list(ids.values()))
    for contact_id in ids.values():
        tx.log("contact.created", contact_id=contact_id)
    return ids


async def _insert_addresses(tx: Transaction, added: Mapping[Address, tuple[int, str]]) -> None:
    if added:
        await tx.connection.execute(
            INSERT_ADDRESSES,
            [kind for kind, _ in added],
            [key for _, key in added],
            [form for _, form in added.values()],
            [contact_id for contact_id, _ in added.values()],
        )


async def confirm_contacts(tx: Transaction, found: Found, now: datetime) -> None:
    """Read the addresses again now that the contacts are locked; then move and join.

    Raises TryAgainError where somebody else has changed one of them since.
    """
    if await _read(tx, found.expected) != found.expected:
        raise TryAgainError("addresses have changed")
    if found.moves:
        await tx.connection.execute(
            MOVE_ADDRESSES,
            [kind for kind, _ in found.moves],
            [key for _, key in found.moves],
            list(found.moves.values()),
        )
    for goes_on, merged in found.joins:
        await join_contacts(tx, goes_on, merged, "system", now)
    await drop_changes(tx, found.waited)
    for contact_id in found.changed.values():
        tx.log("contact.changed", contact_id=contact_id)
    await record_conflicts(
        tx, [(found.contacts[who], owner) for who, owner in found.conflicts.items()], now
    )


async def _owners(tx: Transaction, senders: Iterable[Sender]) -> dict[Address, int]:
    return await _read(tx, {address for sender in senders for address in sender.addresses})


async def _read(tx: Transaction, addresses: Iterable[Address]) -> dict[Address, int]:
    wanted = sorted(addresses)
    rows = await tx.connection.fetch(
        FIND_ADDRESSES, [kind for kind, _ in wanted], [key for _, key in wanted]
    )
    return {(row["kind"], row["match_key"]): row["contact_id"] for row in rows}
