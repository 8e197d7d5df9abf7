"""The guards of what WhatsApp says of a message that was sent: none of it is lost."""

from tests.faults.guard import Cut, Guard

_STATUS_RACE = "tests/faults/test_a_status_against_the_record_of_its_send.py::"
_TRACK = "tests/integration/status_tracker/test_track_statuses.py::"
_STORM = "tests/integration/status_tracker/test_storms.py::"

GUARDS_OF_STATUSES = (
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
        "signs-of-our-own",
        "statuses of another system pass for a sign that ours arrive (R17)",
        (
            Cut(
                "services/status_tracker/track_statuses.py",
                'for row in told if row.outcome == "stored"), default=None)',
                "for row in told), default=None)",
            ),
        ),
        (_TRACK + "test_r17_statuses_of_nobody_are_no_sign_of_life",),
    ),
    Guard(
        "proved-send",
        "a message that has arrived is unknown when its sender dies, and sent twice (R17)",
        (
            Cut(
                "services/scheduler/expire_leases.py",
                "proved = await settle_proved(tx, contacts, now)",
                "proved = settle_proved is None",
            ),
        ),
        (_TRACK + "test_r17_a_send_that_is_proved_when_its_sender_is_given_up_is_not_unknown",),
    ),
    Guard(
        "second-look",
        "a status waits for ever for a message that was recorded a moment ago",
        (
            Cut(
                "services/status_tracker/track_statuses.py",
                '        raise TryAgainError("wamid")',
                "        return",
            ),
        ),
        (_STATUS_RACE + "test_a_status_is_never_lost_between_two_who_do_not_see_each_other",),
    ),
    Guard(
        "early-statuses-of-a-lost-answer",
        "a status that came before the answer is lost, because the answer is (R17)",
        (
            Cut(
                "services/status_tracker/track_statuses.py",
                "        await take_early_statuses(tx, settled, now)",
                "        assert take_early_statuses",
            ),
        ),
        (_STORM + "test_statuses_by_wamid_alone_count_once_another_brings_our_callback_data",),
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
        "keeping-early-statuses",
        "a status that comes before the record of its send is thrown away",
        (
            Cut(
                "services/status_tracker/track_statuses.py",
                """        await keep_early_statuses(
            tx, [(row.event, one) for one, row in judged if row.reason == UNKNOWN_MESSAGE]
        )
""",
                "",
            ),
        ),
        (
            _TRACK
            + "test_an_early_status_is_recorded_at_first_and_stored_when_its_message_is_known",
        ),
    ),
    Guard(
        "early-statuses",
        "a status that comes before the record of its send is lost",
        (
            Cut(
                "services/sender/record_outcomes.py",
                "        await take_early_statuses(tx, wamids, now)\n",
                "        assert take_early_statuses\n",
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
