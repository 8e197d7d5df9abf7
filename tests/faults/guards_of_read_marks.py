"""The guards of read marks: behind every message, once, and never an older one."""

from tests.faults.guard import Cut, Guard

_SEND = "tests/integration/sender/test_read_marks.py::"
_TAKE = "tests/integration/sender/test_take_read_marks.py::"
_REQUEST = "shared/tickets/request_read_mark.py"
_TAKEN = "services/sender/take_read_marks.py"
_RECORD = "services/sender/record_read_mark.py"

GUARDS_OF_READ_MARKS = (
    Guard(
        "messages-before-marks",
        "marks use up the throughput of messages that wait",
        (
            Cut(
                _TAKEN,
                "state = 'sending' OR (state = 'queued' AND next_attempt_at <= now())",
                "false",
            ),
        ),
        (
            _SEND + "test_no_mark_is_sent_before_the_messages_that_are_due",
            _TAKE + "test_no_mark_is_taken_while",
        ),
    ),
    Guard(
        "no-marks-on-a-channel-that-stands",
        "a number that WhatsApp has stopped goes on asking",
        (Cut(_TAKEN, "stopped_at IS NOT NULL OR paused_until > now()", "false"),),
        (_TAKE + "test_no_mark_is_taken_while",),
    ),
    Guard(
        "lease-of-a-mark",
        "two senders send the same mark",
        (Cut(_TAKEN, "due_at = now() + $2::interval", "due_at = now() + 0 * $2::interval"),),
        (_TAKE + "test_two_senders_never_take_the_same_mark",),
    ),
    Guard(
        "newest-mark",
        "an older message is marked after a newer one",
        (
            Cut(
                _REQUEST,
                "    attempts = 0\nWHERE (excluded.sent_at, excluded.message_id) > "
                "(last.sent_at, last.message_id)\n",
                "    attempts = 0\n",
            ),
        ),
        (_TAKE + "test_opening_an_older_ticket_marks_nothing_older_than_the_last_mark",),
    ),
    Guard(
        "newest-mark-of-two",
        "of two contacts who become one the older mark replaces the newer (R13)",
        (
            Cut(
                _REQUEST,
                "    attempts = excluded.attempts\nWHERE (excluded.sent_at, excluded.message_id) > "
                "(last.sent_at, last.message_id)\n",
                "    attempts = excluded.attempts\n",
            ),
        ),
        (_TAKE + "test_r13_of_two_contacts_who_become_one_the_newer_mark_stays",),
    ),
    Guard(
        "late-mark",
        "the answer to an older mark ends a newer one that was not sent",
        (
            Cut(
                _RECORD,
                " AND message_id = $2 AND attempts = $3",
                " AND $2::bigint + $3::integer > 0",
            ),
        ),
        (
            _TAKE + "test_a_late_answer_changes_nothing_of_the_mark_that_took_its_place",
            _TAKE + "test_the_next_senders_attempt_is_not_ended_by_the_one_before",
        ),
    ),
    Guard(
        "last-attempt-of-a-mark",
        "a mark that WhatsApp refuses is tried for ever",
        (Cut(_RECORD, " and mark.attempt < MOST_ATTEMPTS", ""),),
        (_TAKE + "test_a_mark_is_given_up_after_a_few_attempts",),
    ),
    Guard(
        "album-of-a-mark",
        "pictures of an album stay unread",
        (Cut(_TAKEN, "AND seen.id <= marked.id", "AND seen.id = marked.id"),),
        (_TAKE + "test_all_pictures_of_an_album_are_marked_because_nobody_knows_the_last",),
    ),
)
