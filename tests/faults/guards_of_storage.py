"""The guards of bytes in the media store: a file's, or known to be nobody's."""

from tests.faults.guard import Cut, Guard

_RETIRE = "tests/integration/scheduler/test_retire_files.py::"
_ERASE = "tests/integration/scheduler/test_erase_bytes.py::"
_ONE_FILE = "tests/integration/media_validator/test_validate_media.py::"
_DESK = "tests/integration/agent_desk/test_deleted_files.py::"
_STORE = "tests/integration/media/test_store.py::"
_BUCKET = "tests/integration/media/test_store_on_s3.py::"
_ERASING = "services/scheduler/erase_bytes.py"
_RETIRING = "shared/tickets/retire_files.py"
_KEEPING = "shared/media/store.py"

GUARDS_OF_STORAGE = (
    Guard(
        "announced-bytes",
        "bytes of a validator or a desk that died stay for ever",
        (
            Cut(
                "shared/tickets/announce_bytes.py",
                "SELECT bytes_key, clock_timestamp() + $2::interval FROM",
                "SELECT bytes_key, clock_timestamp() + $2::interval * 1000 FROM",
            ),
        ),
        (_ERASE + "test_only_what_is_due_is_erased",),
    ),
    Guard(
        "time-to-name",
        "bytes are erased that a validator is about to give to a file",
        (
            Cut(
                "shared/tickets/announce_bytes.py",
                "SELECT bytes_key, clock_timestamp() + $2::interval FROM",
                "SELECT bytes_key, clock_timestamp() - $2::interval FROM",
            ),
        ),
        (_ERASE + "test_only_what_is_due_is_erased",),
    ),
    Guard(
        "too-late-to-name",
        "a file is accepted whose bytes are being erased",
        (
            Cut(
                "services/media_validator/accept_media.py",
                "WHERE bytes_key = $6 AND NOT erasing AND EXISTS",
                "WHERE bytes_key = $6 AND EXISTS",
            ),
        ),
        (_ONE_FILE + "test_who_names_bytes_while_they_are_being_erased_fetches_them_again",),
    ),
    Guard(
        "named-by-taking",
        "a file is accepted whose bytes were erased",
        (
            Cut(
                "services/media_validator/accept_media.py",
                "AND (ours.storage_key = $6 OR EXISTS (SELECT FROM taken))",
                "AND (ours.storage_key = $6 OR true)",
            ),
        ),
        (_ONE_FILE + "test_who_names_bytes_after_they_were_erased_fetches_them_again",),
    ),
    Guard(
        "too-late-to-answer",
        "an agent's message names a file whose bytes are being erased",
        (
            Cut(
                "shared/tickets/announce_bytes.py",
                "WHERE bytes_key = ANY($1::text[]) AND NOT erasing RETURNING",
                "WHERE bytes_key = ANY($1::text[]) RETURNING",
            ),
        ),
        (_DESK + "test_an_answer_whose_bytes_are_being_erased_is_not_written",),
    ),
    Guard(
        "row-until-erased",
        "bytes are forgotten that the store has still",
        (
            Cut(
                _ERASING,
                "                raise\n            erased.append(key)",
                "                pass\n            erased.append(key)",
            ),
        ),
        (_ERASE + "test_while_the_store_is_away_nothing_is_forgotten",),
    ),
    Guard(
        "refused-bytes",
        "one object that the store refuses to delete keeps all others there",
        (
            Cut(
                _ERASING,
                "await pool.execute(PUT_OFF, key, REFUSED_AGAIN_AFTER)",
                "assert PUT_OFF",
            ),
        ),
        (_ERASE + "test_one_that_the_store_refuses_holds_up_no_other",),
    ),
    Guard(
        "no-new-folder",
        "bytes on a disk that is not mounted count as erased",
        (Cut(_KEEPING, "self._open(make_folder=False)", "self._open()"),),
        (_ERASE + "test_while_the_store_is_away_nothing_is_forgotten",),
    ),
    Guard(
        "half-a-file",
        "what a process left that died while it stored a file stays for ever",
        (
            Cut(
                _KEEPING,
                'for path in (file.with_name(f"{file.name}#1"), file):',
                "for path in (file,):",
            ),
        ),
        (_ERASE + "test_half_of_a_file_goes_too",),
    ),
    Guard(
        "written-once",
        "a file is replaced by another one",
        (Cut(_KEEPING, '"create" if is_small else "overwrite"', '"overwrite"'),),
        (
            _STORE + "test_what_is_there_is_not_written_over",
            _BUCKET + "test_what_is_there_is_not_written_over",
        ),
    ),
    Guard(
        "only-closed-tickets",
        "files of tickets that agents work on are deleted",
        (
            Cut(
                _RETIRING,
                "AND tickets.status = 'closed' AND tickets.closed_at < now() - $1::interval",
                "AND coalesce(tickets.closed_at, tickets.opened_at) < now() - $1::interval",
            ),
        ),
        (_RETIRE + "test_no_file_of_an_open_or_closing_ticket_is_touched",),
    ),
    Guard(
        "files-still-to-send",
        "an agent's file is deleted before it was sent",
        (
            Cut(
                _RETIRING,
                "AND NOT EXISTS (SELECT FROM outbox WHERE outbox.message_id = messages.id)",
                "",
            ),
        ),
        (_RETIRE + "test_what_is_still_to_be_sent_keeps_its_file",),
    ),
    Guard(
        "gone-and-not-away",
        "an agent is told to try again for a file that was deleted",
        (
            Cut(
                "services/agent_desk/download_attachment.py",
                '                await _find_attachment(pool, request.match_info["id"])\n',
                "",
            ),
        ),
        (_DESK + "test_what_is_deleted_just_before_it_is_read_is_gone_and_not_away",),
    ),
    Guard(
        "names-of-devices",
        "a download cannot be saved, or goes to a device",
        (
            Cut(
                "services/agent_desk/name_download.py",
                'f"_{stem}" if _DEVICE.match(stem) else stem',
                "stem",
            ),
        ),
        ("tests/unit/agent_desk/test_name_download.py::test_a_name_is_kept_as_far_as_it_is_safe",),
    ),
)
