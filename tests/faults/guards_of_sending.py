"""The guards of what is sent: once, in order, and at the pace that WhatsApp allows."""

from tests.faults.guard import Cut, Guard

_SEND = "tests/integration/sender/test_send_outbox.py::"
_TAKE = "tests/integration/sender/test_take_messages.py::"
_LATE = (
    "tests/integration/sender/test_late_answers.py::"
    "test_a_late_answer_changes_nothing_of_the_attempt_that_is_under_way"
)
_RECORD = "services/sender/record_outcomes.py"

GUARDS_OF_SENDING = (
    Guard(
        "lease-of-a-send",
        "what a sender was sending when it died is never sent, nor anything after it",
        (
            Cut(
                "services/scheduler/serve.py",
                '        Chore("expire_leases", lambda: expire_leases(pool)),\n',
                "",
            ),
        ),
        (_SEND + "test_a_send_whose_sender_was_killed_is_taken_over_as_unknown",),
    ),
    Guard(
        "pace",
        "more is sent than the number may send",
        (
            Cut(
                "services/sender/send_outbox.py",
                "await asyncio.sleep(max(0.0, slot - monotonic()))",
                "assert slot",
            ),
        ),
        (_SEND + "test_no_more_is_sent_in_a_second_than_the_number_may_send",),
    ),
    Guard(
        "withdrawing-what-is-untaken",
        "a contact who was told of the closing is not told that it was taken back (R5)",
        (Cut("shared/tickets/reopen_ticket.py", " AND attempts = 0 AND state = 'queued'", ""),),
        (
            "tests/integration/agent_desk/test_desk_api.py::test_a_contact_who_was_told_of_the_closing_is_told_of_the_reopening",
        ),
    ),
    Guard(
        "length-of-the-lease",
        "a slow send is taken from its sender, and the next message overtakes it",
        (
            Cut(
                "services/sender/take_messages.py",
                "timedelta(seconds=3 * SEND_SECONDS)",
                "timedelta(0)",
            ),
        ),
        (_SEND + "test_a_status_that_comes_before_the_lost_answer_is_noticed_settles_the_send",),
    ),
    Guard(
        "late-end",
        "a sender that was given up ends the attempt of the next one",
        (
            Cut(
                _RECORD,
                "WHERE outbox.message_id = done.message_id AND outbox.attempts = done.attempts",
                "WHERE outbox.message_id = done.message_id",
            ),
        ),
        (_LATE,),
    ),
    Guard(
        "late-retry",
        "a sender that was given up has a message sent a third time",
        (Cut(_RECORD, " AND outbox.attempts = again.attempts", ""),),
        (_LATE,),
    ),
    Guard(
        "late-unknown",
        "a sender that was given up makes the next attempt unknown",
        (Cut(_RECORD, " AND outbox.attempts = lost.attempts", ""),),
        (_LATE,),
    ),
    Guard(
        "one-of-a-contact",
        "a contact's messages overtake one another",
        (
            Cut(
                "shared/tickets/queue_message.py",
                """
           CASE WHEN row_number() OVER (PARTITION BY contact_id ORDER BY message_id) = 1
                 AND NOT EXISTS (SELECT FROM outbox AS waiting
                                 WHERE waiting.contact_id = new.contact_id)
                THEN $8::timestamptz END
""",
                "\n           $8::timestamptz\n",
            ),
        ),
        (_TAKE + "test_of_one_contact_one_message_is_under_way_and_the_next_waits_for_it",),
    ),
    Guard(
        "head-keeps-its-time",
        "a message that was refused for now is sent again at once, and again",
        (Cut("shared/tickets/date_next_message.py", " AND outbox.next_attempt_at IS NULL", ""),),
        (_TAKE + "test_a_message_that_was_refused_for_now_waits_for_its_time",),
    ),
    Guard(
        "skip-locked",
        "one contact that is worked on holds up all sending",
        (
            Cut(
                "services/sender/take_messages.py",
                "FOR NO KEY UPDATE OF contacts SKIP LOCKED",
                "FOR NO KEY UPDATE OF contacts",
            ),
        ),
        (_TAKE + "test_a_contact_that_somebody_works_on_holds_up_no_other",),
    ),
    Guard(
        "grace-of-this-closing",
        "the message of an earlier closing starts the grace of this one (R4)",
        (
            Cut(
                "services/sender/take_messages.py",
                " AND closing_message_id = ANY($4::bigint[])",
                " AND $4::bigint[] IS NOT NULL",
            ),
        ),
        (_TAKE + "test_r4_the_closing_message_of_an_earlier_closing_starts_no_grace",),
    ),
    Guard(
        "grace-before-the-deadline",
        "a closed ticket comes to life when its closing message goes late (R6)",
        (Cut("services/sender/take_messages.py", " AND closes_at > $2", ""),),
        (_TAKE + "test_r6_a_closing_message_that_is_taken_after_the_deadline_moves_nothing",),
    ),
    Guard(
        "lost-answer-is-unknown",
        "a message whose answer was lost is sent twice (R17)",
        (
            Cut(
                "shared/whatsapp/send_message.py",
                "            return Unknown(error, 0)",
                "            return Refused(RETRY, 0, None)",
            ),
        ),
        (_SEND + "test_a_lost_answer_is_unknown_and_settled_by_a_status",),
    ),
    Guard(
        "first-taking-starts-grace",
        "a closing message that is sent again moves the deadline (R4)",
        (Cut("services/sender/take_messages.py", " AND closing_taken_at IS NULL", ""),),
        (_SEND + "test_the_grace_counts_from_the_first_taking_of_the_closing_message",),
    ),
)
