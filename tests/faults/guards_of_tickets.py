"""The guards of contacts and tickets in PostgreSQL."""

from tests.faults.guard import Cut, Guard

_POOL = "tests/integration/database/test_pool.py::"
_ROUTE = "tests/integration/ticket_router/test_route_events.py::"
_RACE = "tests/faults/test_two_first_messages.py::"
_TICKETS = "shared/database/migrations/0001_tickets.sql"

GUARDS_OF_TICKETS = (
    Guard(
        "one-open-ticket",
        "a contact has two open tickets (R3)",
        (Cut(_TICKETS, "CREATE UNIQUE INDEX tickets_one_open", "CREATE INDEX tickets_one_open"),),
        (_RACE + "test_a_ticket_opened_by_hand_without_the_lock_is_stopped_by_the_index",),
    ),
    Guard(
        "look-up-of-keys",
        "what Meta repeats is tried for ever",
        (Cut("shared/tickets/record_items.py", '{row["event_key"] for row in rows}', "set()"),),
        (_ROUTE + "test_the_same_event_again_is_a_duplicate_and_the_same_item_again_is_nothing",),
    ),
    Guard(
        "contact-lock",
        "who works on one contact at once tears its ticket",
        (Cut("shared/tickets/lock_contacts.py", " ORDER BY id FOR NO KEY UPDATE", ""),),
        (_RACE + "test_two_first_messages_at_once_open_one_ticket",),
    ),
    Guard(
        "lock-order",
        "two batches of the same contacts wait for one another in a circle",
        (Cut("shared/tickets/lock_contacts.py", "ORDER BY id FOR", "ORDER BY random() FOR"),),
        (_RACE + "test_two_batches_of_the_same_contacts_do_not_deadlock",),
    ),
    Guard(
        "idle-in-transaction",
        "a frozen worker holds its contacts for as long as it is frozen",
        (
            Cut(
                "shared/database/pool.py",
                '            "idle_in_transaction_session_timeout":'
                " str(IDLE_IN_TRANSACTION_SECONDS * 1000),\n",
                "",
            ),
        ),
        (_POOL + "test_a_transaction_that_idles_is_ended_and_its_locks_are_free",),
    ),
    Guard(
        "statement-timeout",
        "a statement that never ends holds a connection and its locks",
        (
            Cut(
                "shared/database/pool.py",
                '            "statement_timeout": str(STATEMENT_SECONDS * 1000),\n',
                "",
            ),
        ),
        ("tests/integration/database/test_pool.py::test_a_statement_that_takes_too_long_is_ended",),
    ),
)
