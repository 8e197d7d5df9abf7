"""The guards of contacts and tickets in PostgreSQL."""

from tests.faults.guard import Cut, Guard

_CLOSE = "tests/integration/agent_desk/test_two_agents_close_at_once.py::"
_ORDER = "tests/integration/database/test_lock_order.py::"
_STREAM = "tests/integration/agent_desk/test_event_stream.py::"
_WAITING = "tests/faults/test_what_changes_while_a_router_waits.py::"
_POOL = "tests/integration/database/test_pool.py::"
_ROUTE = "tests/integration/ticket_router/test_route_events.py::"
_RACE = "tests/faults/test_two_first_messages.py::"
_CLOSING = "tests/integration/scheduler/test_what_changes_before_the_lock.py::"
_TICKETS = "shared/database/migrations/0001_tickets.sql"

GUARDS_OF_TICKETS = (
    Guard(
        "one-migration-at-a-time",
        "two migrations at once break one another's lock, and fail",
        (
            Cut(
                "shared/database/migrate.py",
                "        guard.execute(TAKE_LOCK, [_ADVISORY_LOCK])\n",
                "",
            ),
        ),
        ("tests/integration/database/test_migrate.py::test_two_at_once_apply_each_migration_once",),
    ),
    Guard(
        "one-open-ticket",
        "a contact has two open tickets (R3)",
        (Cut(_TICKETS, "CREATE UNIQUE INDEX tickets_one_open", "CREATE INDEX tickets_one_open"),),
        (_RACE + "test_a_ticket_opened_by_hand_without_the_lock_is_stopped_by_the_index",),
    ),
    Guard(
        "ledger-once",
        "what belongs to no contact counts twice at two workers (R14)",
        (
            Cut(
                _TICKETS,
                "CREATE UNIQUE INDEX received_events_once",
                "CREATE INDEX received_events_once",
            ),
        ),
        (_WAITING + "test_r14_what_belongs_to_nobody_counts_once_at_two_routers_at_once",),
    ),
    Guard(
        "keys-of-messages",
        "what comes again after the ledger was purged is tried for ever",
        (
            Cut(
                "shared/tickets/record_items.py",
                "NULL FROM messages WHERE event_key = ANY($2::text[])",
                "NULL FROM messages WHERE false",
            ),
        ),
        (_ROUTE + "test_a_message_is_known_for_longer_than_its_row_in_the_ledger",),
    ),
    Guard(
        "look-up-of-keys",
        "what Meta repeats is tried for ever",
        (
            Cut(
                "shared/tickets/record_items.py",
                "        if event.event_key in known:",
                "        if False:",
            ),
        ),
        (_ROUTE + "test_the_same_event_again_is_a_duplicate_and_the_same_item_again_is_nothing",),
    ),
    Guard(
        "items-meanwhile",
        "what RabbitMQ delivered again while its router was frozen is done twice (R14)",
        (
            Cut(
                "shared/tickets/record_items.py",
                "    if len(written) < len(items):",
                "    if False:",
            ),
        ),
        (_WAITING + "test_r14_one_item_at_two_routers_at_once_is_recorded_by_one",),
    ),
    Guard(
        "contact-lock",
        "who works on one contact at once tears its ticket",
        (Cut("shared/tickets/lock_contacts.py", " ORDER BY id FOR NO KEY UPDATE", ""),),
        (
            _CLOSE + "test_of_two_agents_who_close_a_ticket_at_once_one_is_told_that_it_is_closing",
            _RACE + "test_two_first_messages_at_once_open_one_ticket",
        ),
    ),
    Guard(
        "lock-order",
        "two batches of the same contacts wait for one another in a circle",
        (Cut("shared/tickets/lock_contacts.py", "ORDER BY id FOR", "FOR"),),
        (_ORDER + "test_who_waits_for_a_contact_holds_none_that_comes_after_it",),
    ),
    Guard(
        "clock-after-lock",
        "a message is buried in a ticket that closed while its router waited (R6)",
        (
            Cut(
                "shared/tickets/lock_contacts.py",
                "SELECT clock_timestamp() FROM (\n    SELECT count(*) FROM (",
                "SELECT clock FROM (\n    SELECT count(*), min(clock) AS clock FROM (",
            ),
            Cut(
                "shared/tickets/lock_contacts.py",
                "SELECT FROM contacts WHERE",
                "SELECT clock FROM contacts, (SELECT clock_timestamp() AS clock) AS early WHERE",
            ),
        ),
        (
            _WAITING
            + "test_r6_a_deadline_that_passes_while_the_router_waits_for_the_contact_has_passed",
        ),
    ),
    Guard(
        "due-after-lock",
        "a ticket that an agent has just taken back is closed, with a deadline to come (R5, R6)",
        (
            Cut(
                "services/scheduler/close_due_tickets.py",
                "ANY($1::bigint[]) AND status = 'closing' AND closes_at <= clock_timestamp()",
                "ANY($1::bigint[]) AND status = 'closing'",
            ),
        ),
        (_CLOSING + "test_a_ticket_that_an_agent_takes_back_meanwhile_is_not_closed",),
    ),
    Guard(
        "due-of-locked",
        "the scheduler closes a ticket beside whoever holds its contact (R6, R13)",
        (
            Cut(
                "services/scheduler/close_due_tickets.py",
                "\nSELECT contacts.id FROM tickets JOIN",
                "\nSELECT tickets.id FROM tickets JOIN",
            ),
            Cut(
                "services/scheduler/close_due_tickets.py",
                "WHERE contact_id = ANY($1::bigint[])",
                "WHERE id = ANY($1::bigint[])",
            ),
        ),
        (
            _CLOSING
            + "test_a_ticket_that_passes_to_another_contact_meanwhile_waits_for_that_ones_lock",
        ),
    ),
    Guard(
        "addresses-again",
        "a message goes to the former owner of its phone, two people become one contact (R13)",
        (
            Cut(
                "services/ticket_router/find_contacts.py",
                "    if found.expected and (await",
                "    if False and (await",
            ),
        ),
        (
            _WAITING + "test_r13_a_phone_that_passes_to_another_contact_meanwhile_is_the_others",
            _WAITING + "test_r13_two_people_who_show_one_phone_at_once_stay_two",
        ),
    ),
    Guard(
        "new-address-lock",
        "routers that meet in a new contact do their batches again and again (R13)",
        (
            Cut(
                "services/ticket_router/find_contacts.py",
                "        await lock_addresses(tx, unknown)\n",
                "        assert lock_addresses\n",
            ),
        ),
        (
            _WAITING
            + "test_r13_a_contact_that_another_router_makes_meanwhile_costs_no_second_attempt",
        ),
    ),
    Guard(
        "look-after-address-lock",
        "a changed number is never joined with the contact who came at the same moment (R13, R15)",
        (
            Cut(
                "services/ticket_router/find_contacts.py",
                "if await are_known(tx, unknown, found.told):",
                "if False and are_known:",
            ),
        ),
        (
            _WAITING
            + "test_r13_a_contact_that_another_router_makes_meanwhile_costs_no_second_attempt",
            _WAITING + "test_r13_a_change_that_another_router_keeps_meanwhile_finds_its_contact",
        ),
    ),
    Guard(
        "price-of-a-look-up",
        "each batch reads tables of some thousand rows whole",
        (Cut("shared/database/pool.py", ', "random_page_cost": "1.1"', ""),),
        (
            "tests/integration/ticket_router/test_what_a_batch_reads.py::test_a_batch_reads_what_it_looks_up_and_nothing_else",
        ),
    ),
    Guard(
        "bearer-token",
        "anybody reads what citizens write",
        (
            Cut(
                "services/agent_desk/authenticate.py",
                "not hmac.compare_digest(given, admin_token.encode())",
                "not given",
            ),
        ),
        (
            "tests/integration/agent_desk/test_desk_api.py::test_without_a_valid_token_everything_is_401",
        ),
    ),
    Guard(
        "order-of-changes",
        "an agent never hears of what was committed late",
        (
            Cut(
                "services/agent_desk/read_changes.py",
                """
  AND changes.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
ORDER BY changes.xid""",
                """
ORDER BY changes.xid""",
            ),
        ),
        (_STREAM + "test_a_client_that_comes_back_does_not_pass_by_what_is_under_way",),
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
        "lock-timeout",
        "who waits for a lock that is never given waits for ever",
        (
            Cut(
                "shared/database/pool.py",
                '            "lock_timeout": str(LOCK_SECONDS * 1000),\n',
                "",
            ),
        ),
        (_POOL + "test_every_connection_has_the_settings",),
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
