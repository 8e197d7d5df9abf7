"""All invariants over one campaign's evidence."""

from collections.abc import Callable, Iterator

from tests.faults.campaign.audit_items import audit_deliveries, audit_items, audit_messages
from tests.faults.campaign.audit_phones import (
    audit_answers,
    audit_notices,
    audit_order,
    audit_receipts,
)
from tests.faults.campaign.audit_rest import audit_files, audit_growth, audit_logs, audit_queues
from tests.faults.campaign.audit_tickets import (
    audit_automatic_messages,
    audit_grace,
    audit_places,
    audit_tickets,
)
from tests.faults.campaign.evidence import Evidence

INVARIANTS: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    audit_items,
    audit_messages,
    audit_deliveries,
    audit_tickets,
    audit_places,
    audit_grace,
    audit_automatic_messages,
    audit_receipts,
    audit_order,
    audit_answers,
    audit_notices,
    audit_queues,
    audit_files,
    audit_logs,
    audit_growth,
)


def violations_in(evidence: Evidence) -> list[str]:
    """Give every violation, with the invariant that it breaks."""
    return [f"{one.__name__}: {words}" for one in INVARIANTS for words in one(evidence)]
