"""What keeps the channel to WhatsApp: stops, paces, messages that fail after they were taken."""

from tests.faults.guard import Cut, Guard

_CHANNEL = "tests/integration/sender/test_channel.py::"
_CODES = "tests/integration/sender/test_codes.py::"
_AGAIN = "tests/integration/sender/test_sent_again.py::"
_LATER = "tests/integration/status_tracker/test_failed_later.py::"
_SEND = "tests/integration/sender/test_send_outbox.py::"
_KEEPS = _CHANNEL + "test_it_keeps_the_queue_says_so_and_resumes_when_a_careful_try_succeeds[190]"

GUARDS_OF_THE_CHANNEL = (
    Guard(
        "stopped-channel",
        "a number that WhatsApp has stopped goes on asking, message after message",
        (
            Cut(
                "services/sender/send_outbox.py",
                "        if channel.stopped_at is None:\n            taken",
                "        if channel.now:\n            taken",
            ),
        ),
        (_KEEPS,),
    ),
    Guard(
        "one-careful-try",
        "a stopped channel is tried with all that waits",
        (
            Cut(
                "services/sender/send_outbox.py",
                "self._take_up_to(limit, is_probe=True)",
                "self._take_up_to(room, is_probe=True)",
            ),
        ),
        (_KEEPS,),
    ),
    Guard(
        "volley-of-stops",
        "what was under way when the channel stopped makes the next try later and later",
        (
            Cut(
                "shared/tickets/stop_channel.py",
                "    if channel.stopped_at is not None and not refusal.is_probe:\n        return\n",
                "",
            ),
        ),
        (_CODES + "test_what_was_under_way_when_the_channel_stopped_does_not_count_as_a_try",),
    ),
    Guard(
        "resume-after-a-try",
        "a stopped channel stays stopped after WhatsApp has taken a message",
        (
            Cut(
                "services/sender/record_outcomes.py",
                'await resume_channel(tx, "sender", now)',
                "assert resume_channel",
            ),
        ),
        (_KEEPS,),
    ),
    Guard(
        "wrong-number-is-no-message",
        "with a wrong number id every message fails for good",
        (
            Cut(
                "shared/whatsapp/error_codes.py",
                "if (code, subcode) == _NO_SUCH_OBJECT:",
                "if (code, subcode) == ():",
            ),
        ),
        (_CHANNEL + "test_a_wrong_phone_number_id_stops_it_and_fails_nothing",),
    ),
    Guard(
        "volley-of-throttles",
        "one volley of throttled messages slows the number to a crawl",
        (
            Cut(
                "shared/tickets/slow_channel.py",
                "refusal.at <= channel.throttle.at",
                "refusal.at is None",
            ),
        ),
        (_CODES + "test_a_volley_of_throttled_messages_slows_the_number_once",),
    ),
    Guard(
        "pair-limit",
        "a contact gets more than WhatsApp allows, which refuses it (131056)",
        (
            Cut(
                "services/sender/keep_pair_limit.py",
                "held = {one: at for one, at in next_at.items() if at > now[one]}",
                "held = {one: at for one, at in next_at.items() if at < now[one]}",
            ),
        ),
        (_SEND + "test_a_contact_gets_no_more_than_the_pair_limit_and_delays_nobody_else",),
    ),
    Guard(
        "wamids-of-the-past",
        "a late status of a wamid that failed takes the message out of the outbox unsent",
        (
            Cut(
                "shared/tickets/advance_deliveries.py",
                'for wamid in row["failed_wamids"]}',
                'for wamid in row["failed_wamids"][:0]}',
            ),
        ),
        (_LATER + "test_what_statuses_still_say_of_the_first_wamid_is_about_the_past[sent]",),
    ),
    Guard(
        "failure-before-the-answer",
        "a failure that comes before the answer to its send is lost with it",
        (
            Cut(
                "services/status_tracker/track_statuses.py",
                " or (message_id in known.under_way and _asks_for_another_send(status))",
                "",
            ),
        ),
        (_LATER + "test_where_the_answer_is_still_to_come_it_counts_after_it",),
    ),
    Guard(
        "numbers-of-attempts",
        "a late answer to an old attempt is taken for that to the newest",
        (
            Cut(
                "shared/tickets/queue_again.py",
                "again.contact_id, greatest(messages.send_attempts, 1)\n",
                "again.contact_id, 0\n",
            ),
        ),
        (_LATER + "test_an_attempt_is_never_numbered_twice",),
    ),
    Guard(
        "failed-in-the-end",
        "a message that fails each time is sent for ever",
        (
            Cut(
                "shared/whatsapp/error_codes.py",
                "times >= self.most_attempts",
                "times < 0",
            ),
        ),
        (_LATER + "test_it_fails_in_the_end",),
    ),
    Guard(
        "early-statuses-of-a-dead-sender",
        "a message that failed while its sender died counts as sent",
        (
            Cut(
                "shared/tickets/settle_proved.py",
                "        await take_early_statuses(tx, wamids, now)\n",
                "        assert take_early_statuses\n",
            ),
        ),
        (_AGAIN + "test_sent_then_failed_while_the_sender_dies",),
    ),
    Guard(
        "refusals-of-one-code",
        "an outage uses up the few tries that a message has of its own",
        (
            Cut(
                "shared/tickets/count_refusals.py",
                "CASE WHEN refused_code IS NOT DISTINCT FROM said.code",
                "CASE WHEN true",
            ),
        ),
        (_AGAIN + "test_tries_that_the_channel_refused_do_not_use_up_a_messages_own",),
    ),
    Guard(
        "dates-of-heads-only",
        "a message that waits behind another one of its contact stops all sending",
        (
            Cut(
                "services/sender/record_outcomes.py",
                "next_attempt_at = CASE WHEN NOT EXISTS (",
                "next_attempt_at = CASE WHEN true OR NOT EXISTS (",
            ),
        ),
        (_AGAIN + "test_a_row_behind_a_head_that_waits_starves_nobody",),
    ),
    Guard(
        "given-up-is-not-sent",
        "a sender that was frozen sends what others have sent meanwhile",
        (Cut("services/sender/send_outbox.py", "if started > give_up_at:", "if started < 0:"),),
        (_AGAIN + "test_a_thawed_sender_does_not_send_what_was_given_up",),
    ),
    Guard(
        "live-wamid",
        "the late failure of a lost send makes a third copy",
        (
            Cut(
                "shared/tickets/retry_failed.py",
                'if rows[one.message_id]["wamid"] in {None, one.wamid}',
                "if one.message_id in rows",
            ),
        ),
        (_AGAIN + "test_an_older_wamids_failure_sends_no_third_copy",),
    ),
    Guard(
        "delay-of-the-head",
        "a contact's second failure has the first one tried at once",
        (
            Cut(
                "shared/tickets/queue_again.py",
                " AND outbox.message_id > again.message_id",
                "",
            ),
        ),
        (_AGAIN + "test_a_second_failure_of_the_contact_keeps_the_heads_delay",),
    ),
)
