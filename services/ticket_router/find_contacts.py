"""Find the contacts behind senders, and make those that are new (R13)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.database.transaction import Transaction
from shared.domain.contact import Address, Sender, resolve_sender
from shared.errors import TryAgainError

# All addresses of every contact that has one of the given.
FIND_ADDRESSES = """
SELECT kind, value, contact_id FROM contact_addresses
WHERE contact_id IN (
    SELECT contact_id FROM contact_addresses
    WHERE (kind, value) IN (SELECT * FROM unnest($1::text[], $2::text[])))
"""

# In value order, so that two routers never wait for one another in a circle. Whoever comes second
# for an address gets a unique violation, does the batch again, and finds the contact there.
INSERT_ADDRESSES = """
INSERT INTO contact_addresses (kind, value, contact_id)
SELECT kind, value, contact_id
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS new (kind, value, contact_id)
ORDER BY kind, value
"""

NEXT_CONTACTS = """
SELECT nextval(pg_get_serial_sequence('contacts', 'id')) AS id FROM generate_series(1, $1)
"""
INSERT_CONTACTS = "INSERT INTO contacts (id) SELECT * FROM unnest($1::bigint[])"

MOVE_PHONE = """
UPDATE contact_addresses SET contact_id = $2, added_at = now() WHERE kind = 'phone' AND value = $1
"""


@dataclass(slots=True)
class Found:
    """The contacts of a batch's senders, and those that must be locked besides."""

    contacts: dict[Sender, int] = field(default_factory=dict)
    owners: dict[Address, int] = field(default_factory=dict)
    """Whose each address is once the whole batch has been read."""
    conflicts: set[Sender] = field(default_factory=set)
    moves: dict[str, int] = field(default_factory=dict)
    """Phones that a new contact takes over."""
    created: list[int] = field(default_factory=list)
    former_owners: set[int] = field(default_factory=set)
    gained_user_id: set[int] = field(default_factory=set)

    @property
    def to_lock(self) -> set[int]:
        """Give the contacts that this batch may change."""
        return set(self.contacts.values()) | self.former_owners


async def find_contacts(tx: Transaction, senders: Iterable[Sender]) -> Found:
    """Give each sender's contact, making new ones; the contacts are not locked yet."""
    wanted = list(dict.fromkeys(senders))
    owners = await _owners(tx, wanted)
    with_user_id = {contact for (kind, _), contact in owners.items() if kind == "user_id"}
    found = Found()
    added: dict[Address, int] = {}
    for sender in wanted:
        resolution = resolve_sender(sender, owners, with_user_id)
        contact_id = resolution.contact_id
        if contact_id is None:
            found.created.append(contact_id := -1 - len(found.created))
        found.contacts[sender] = contact_id
        if resolution.conflict:
            found.conflicts.add(sender)
        for address in resolution.moves:
            found.moves[address[1]] = contact_id
            found.former_owners.add(owners[address])
        # What this sender shows counts for the next one of the same batch already.
        for address in (*resolution.adds, *resolution.moves):
            owners[address] = contact_id
        added.update(dict.fromkeys(resolution.adds, contact_id))
        if resolution.contact_id is not None and resolution.adds[-1:] == sender.addresses[-1:]:
            found.gained_user_id.add(contact_id)
        if sender.user_id is not None:
            with_user_id.add(contact_id)
    found.owners = {address: owners[address] for one in wanted for address in one.addresses}
    await _make_contacts(tx, found, added)
    return found


async def _make_contacts(tx: Transaction, found: Found, added: Mapping[Address, int]) -> None:
    """Give ids to the new contacts, which had negative ones so far, and write them."""
    ids: dict[int, int] = {}
    if found.created:
        rows = await tx.connection.fetch(NEXT_CONTACTS, len(found.created))
        ids = {-1 - place: row["id"] for place, row in enumerate(rows)}
        found.contacts = {who: ids.get(one, one) for who, one in found.contacts.items()}
        found.owners = {what: ids.get(one, one) for what, one in found.owners.items()}
        found.gained_user_id = {ids.get(one, one) for one in found.gained_user_id}
        found.moves = {phone: ids.get(one, one) for phone, one in found.moves.items()}
        found.former_owners = {ids.get(one, one) for one in found.former_owners}
        found.created = list(ids.values())
        await tx.connection.execute(INSERT_CONTACTS, found.created)
    if added:
        await tx.connection.execute(
            INSERT_ADDRESSES,
            [kind for kind, _ in added],
            [value for _, value in added],
            [ids.get(contact_id, contact_id) for contact_id in added.values()],
        )
    for contact_id in found.created:
        tx.log("contact.created", contact_id=contact_id)


async def confirm_contacts(tx: Transaction, found: Found) -> None:
    """Read the addresses again now that the contacts are locked, and move phones.

    Raises TryAgainError where an address has passed to another contact since.
    """
    for phone, contact_id in found.moves.items():
        await tx.connection.execute(MOVE_PHONE, phone, contact_id)
    owners = await _owners(tx, found.contacts)
    if any(owners.get(address) != contact for address, contact in found.owners.items()):
        raise TryAgainError("an address has passed to another contact")
    # Two user ids that met one contact's phone at once are two people.
    user_ids = Counter(contact for (kind, _), contact in owners.items() if kind == "user_id")
    if any(user_ids[contact] > 1 for contact in found.gained_user_id):
        raise TryAgainError("another user id came first")


async def _owners(tx: Transaction, senders: Iterable[Sender]) -> dict[Address, int]:
    addresses = sorted({address for sender in senders for address in sender.addresses})
    rows = await tx.connection.fetch(
        FIND_ADDRESSES, [kind for kind, _ in addresses], [value for _, value in addresses]
    )
    return {(row["kind"], row["value"]): row["contact_id"] for row in rows}
