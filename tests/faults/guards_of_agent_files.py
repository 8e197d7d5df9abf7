"""The guards of files that agents send."""

from tests.faults.guard import Cut, Guard

_LATE = "tests/integration/sender/test_late_uploads.py::"
_UPLOAD = "tests/integration/sender/test_upload_files.py::"
_DESK = "tests/integration/agent_desk/test_send_files.py::"
_CLAIM = "services/sender/claim_uploads.py"

GUARDS_OF_AGENT_FILES = (
    Guard(
        "first-file-alone",
        "a contact with ten large files takes every place for uploads",
        (
            Cut(
                _CLAIM,
                """
      AND NOT EXISTS (SELECT FROM outbox AS earlier WHERE earlier.contact_id = outbox.contact_id
                      AND earlier.message_id < outbox.message_id)""",
                "",
            ),
        ),
        (_LATE + "test_of_a_contact_only_the_first_message_is_uploaded",),
    ),
    Guard(
        "claim-of-an-upload",
        "two senders upload one file",
        (
            Cut(
                _CLAIM,
                " next_attempt_at = clock_timestamp() + $2::interval\nFROM due",
                " next_attempt_at = clock_timestamp() - 0 * $2::interval\nFROM due",
            ),
        ),
        (_LATE + "test_a_file_is_claimed_by_one_sender_at_a_time",),
    ),
    Guard(
        "late-upload",
        "a sender that was given up ends the upload of the next one",
        (
            Cut(
                "services/sender/record_uploads.py",
                "WHERE attachment_id = $1 AND attempts = $2 AND next_attempt_at IS NOT NULL",
                "WHERE attachment_id = $1 AND $2 > 0 AND next_attempt_at IS NOT NULL",
            ),
        ),
        (_LATE + "test_what_a_given_up_sender_uploaded_late_is_not_taken",),
    ),
    Guard(
        "renewed-claim",
        "a sender that was given up takes the claim of the next one for its own",
        (Cut(_CLAIM, " AND uploads.attempts = held.attempts", ""),),
        (_LATE + "test_a_given_up_sender_neither_holds_nor_puts_off_the_claim_of_another",),
    ),
    Guard(
        "holding-an-upload",
        "a file that takes longer than its lease is uploaded twice",
        (
            Cut(
                "services/sender/upload_files.py",
                "                await renew_claims(self._pool, self._working.values())\n",
                "                renew_claims(self._pool, self._working.values()).close()\n",
            ),
        ),
        (_LATE + "test_a_long_upload_stays_the_claim_of_who_began_it",),
    ),
    Guard(
        "believed-once",
        "a file that WhatsApp refuses is uploaded and sent for ever",
        (Cut("services/sender/send_file.py", ' and row["renewals"] == 0', ""),),
        (_UPLOAD + "test_whatsapp_is_believed_once_that_it_does_not_know_a_file",),
    ),
    Guard(
        "age-of-an-id",
        "a message names a file that WhatsApp has dropped",
        (
            Cut(
                "services/sender/send_file.py",
                "CASE WHEN uploads.uploaded_at > clock_timestamp() - $2::interval",
                "CASE WHEN $2::interval IS NOT NULL",
            ),
        ),
        (_UPLOAD + "test_what_whatsapp_has_no_more_is_uploaded_anew[too old]",),
    ),
    Guard(
        "window-of-a-file",
        "a file waits for an upload although its message can never be sent (R16)",
        (Cut("services/sender/upload_files.py", 'if form == "undeliverable":', "if not form:"),),
        (_UPLOAD + "test_a_file_whose_window_is_over_is_not_uploaded_and_says_so",),
    ),
    Guard(
        "asked-again",
        "a file is queued in a ticket that closed while it was uploaded",
        (
            Cut(
                "services/agent_desk/answer_contact.py",
                "        _check(ticket, is_form=is_form)\n",
                "",
            ),
        ),
        (_DESK + "test_a_ticket_that_closes_while_its_files_come_leaves_nothing_behind",),
    ),
    Guard(
        "dropped-bytes",
        "what was refused after it was stored stays in the store for a day",
        (
            Cut(
                "services/agent_desk/answer_contact.py",
                "            await drop_files(desk.store, kept)\n",
                "",
            ),
        ),
        (_DESK + "test_a_ticket_that_closes_while_its_files_come_leaves_nothing_behind",),
    ),
    Guard(
        "size-of-a-form",
        "an agent's client fills the disk of the desk",
        (
            Cut(
                "services/agent_desk/read_form.py",
                "if (request.content_length or 0) > MOST_BYTES:",
                "if (request.content_length or 0) < 0:",
            ),
        ),
        (_DESK + "test_a_form_that_is_too_large_is_refused_before_it_is_read",),
    ),
)
