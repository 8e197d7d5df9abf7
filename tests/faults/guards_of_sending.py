"""The guards of what is sent, and of what WhatsApp says of it."""

from tests.faults.guard import Cut, Guard

_STATUS_RACE = "tests/faults/test_a_status_against_the_record_of_its_send.py::"
_SEND = "tests/integration/sender/test_send_outbox.py::"
_TRACK = "tests/integration/status_tracker/test_track_statuses.py::"

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
        "lost-answer-is-unknown",
        "a message whose answer was lost is sent twice (R17)",
        (
            Cut(
                "shared/whatsapp/send_message.py",
                "            return Unknown(error, 0)",
                '            return Refused("retry", 0, None)',
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
    Guard(
        "sign-of-life",
        "a message is sent twice because no status came, though none came at all (R17)",
        (
            Cut(
                "services/scheduler/resend_unknown.py",
                "\n     AND (SELECT last_status_at FROM status_traffic) > outbox.unknown_since)",
                ")",
            ),
        ),
        (_TRACK + "test_r17_statuses_of_nobody_are_no_sign_of_life",),
    ),
    Guard(
        "wamid-lock",
        "a status waits for ever for a message that is recorded at the same moment",
        (
            Cut(
                "shared/tickets/lock_wamids.py",
                "        await tx.connection.execute(LOCK_WAMIDS, wanted)\n",
                "        assert tx\n",
            ),
        ),
        (_STATUS_RACE + "test_a_status_is_never_lost_between_two_who_do_not_see_each_other",),
    ),
    Guard(
        "early-statuses",
        "a status that comes before the record of its send is lost",
        (
            Cut(
                "services/sender/record_outcomes.py",
                "    await take_early_statuses(tx, message_ids)\n",
                "",
            ),
        ),
        (
            _TRACK
            + "test_an_early_status_is_recorded_at_first_and_stored_when_its_message_is_known",
        ),
    ),
    Guard(
        "furthest-state",
        "a message that was read goes back to delivered",
        (
            Cut(
                "shared/tickets/advance_deliveries.py",
                "if is_further(one.state, known[one.message_id]):",
                "if True:",
            ),
        ),
        (_TRACK + "test_a_voice_note_that_was_played_was_read",),
    ),
)
