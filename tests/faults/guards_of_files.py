"""The guards around the files that contacts send."""

from tests.faults.guard import Cut, Guard

_REQUEUE = "tests/integration/scheduler/test_requeue_attachments.py::"
_FAULTS = "tests/faults/test_files_outlive_faults.py::"
_DESK = "tests/integration/agent_desk/test_attachments.py::"
_ONE_FILE = "tests/integration/media_validator/test_validate_media.py::"
_MANY_FILES = "tests/integration/media_validator/test_validate_attachments.py::"
_PROOFS = "tests/integration/media/test_proofs.py::"
_STORE = "tests/integration/media/test_store.py::"
_CLAIM = "services/media_validator/claim_attachment.py"

GUARDS_OF_FILES = (
    Guard(
        "due-time-of-a-file",
        "a file whose hint was lost is never fetched",
        (
            Cut(
                "services/scheduler/serve.py",
                'Chore("requeue_attachments", lambda: requeue_attachments(pool, publisher)),',
                "",
            ),
        ),
        (_FAULTS + "test_a_router_killed_before_it_told_the_validators_loses_no_file",),
    ),
    Guard(
        "long-queue",
        "hints pile up for validators that have more than enough to do",
        (
            Cut(
                "services/scheduler/requeue_attachments.py",
                "if await publisher.count_waiting(MEDIA_VALIDATOR) >= LONG_QUEUE:",
                "if False:",
            ),
        ),
        (_REQUEUE + "test_while_many_hints_wait_nothing_is_hinted_again",),
    ),
    Guard(
        "claim-by-lease",
        "two validators work on one file",
        (
            Cut(
                _CLAIM,
                "\n  AND (attachments.lease_until IS NULL"
                " OR attachments.lease_until <= clock_timestamp())",
                "",
            ),
        ),
        (_MANY_FILES + "test_the_same_hint_again_begins_nothing",),
    ),
    Guard(
        "renewal",
        "a file that takes longer than its lease is fetched twice",
        (
            Cut(
                "services/media_validator/validate_attachments.py",
                "                await renew_claims(self._pool, self._working.values())\n",
                "                assert renew_claims\n",
            ),
        ),
        (_MANY_FILES + "test_what_is_being_worked_on_is_held_beyond_its_lease",),
    ),
    Guard(
        "giving-back-of-own-claims",
        "a validator that was given up lets go of a file that another one has",
        (
            Cut(
                _CLAIM,
                "WHERE id = $1 AND attempts = $2 AND state = 'pending' AND lease_until IS NOT NULL",
                "WHERE id = $1 AND $2::integer > 0 AND state = 'pending'",
            ),
        ),
        (_ONE_FILE + "test_who_was_given_up_does_not_let_go_of_what_another_one_holds",),
    ),
    Guard(
        "renewal-of-own-claims",
        "a validator that was given up renews the claim of another one",
        (Cut(_CLAIM, " AND attachments.attempts = held.attempts", ""),),
        (_MANY_FILES + "test_only_the_claim_that_holds_is_renewed",),
    ),
    Guard(
        "acceptance-of-own-claims",
        "a validator that was given up decides over a file that another one has",
        (
            Cut(
                "services/media_validator/accept_media.py",
                "WHERE id = $1 AND attempts = $2 AND",
                "WHERE id = $1 AND $2::integer > 0 AND",
            ),
        ),
        (_ONE_FILE + "test_who_was_given_up_meanwhile_changes_nothing",),
    ),
    Guard(
        "refusal-of-own-claims",
        "a validator that was given up refuses a file that another one has",
        (
            Cut(
                "services/media_validator/end_untaken.py",
                "WHERE id = $1 AND attempts = $2 AND",
                "WHERE id = $1 AND $2::integer > 0 AND",
            ),
        ),
        (_ONE_FILE + "test_a_refusal_of_who_was_given_up_is_none",),
    ),
    Guard(
        "bytes-of-nobody",
        "bytes of a validator that was given up stay for a day",
        (
            Cut(
                "services/media_validator/validate_media.py",
                "            await self._store.drop(key)\n",
                "            assert key\n",
            ),
        ),
        (_ONE_FILE + "test_who_was_given_up_meanwhile_changes_nothing",),
    ),
    Guard(
        "files-at-once",
        "a thousand files at once fill the disk and the memory",
        (
            Cut(
                "services/media_validator/validate_attachments.py",
                "asyncio.Semaphore(FILES_AT_ONCE)",
                "asyncio.Semaphore(1_000)",
            ),
        ),
        (_MANY_FILES + "test_a_worker_takes_only_so_many_files_at_once",),
    ),
    Guard(
        "only-downloads",
        "a stranger's file runs in an agent's browser",
        (
            Cut(
                "services/agent_desk/download_attachment.py",
                "web.StreamResponse(headers=SAFE_HEADERS)",
                "web.StreamResponse()",
            ),
        ),
        (_DESK + "test_an_accepted_file_comes_back_byte_for_byte_and_is_never_shown_or_guessed",),
    ),
    Guard(
        "only-accepted-files",
        "an agent downloads what nobody has looked into",
        (
            Cut(
                "services/agent_desk/download_attachment.py",
                "WHERE id = $1 AND state = 'accepted'",
                "WHERE id = $1",
            ),
        ),
        (_DESK + "test_what_was_not_accepted_cannot_be_downloaded",),
    ),
    Guard(
        "whole-files",
        "an agent takes half a file for the whole",
        (
            Cut(
                "services/agent_desk/download_attachment.py",
                """    if sent != size or piece:
        raise""",
                """    if False:
        raise""",
            ),
        ),
        (_DESK + "test_a_file_of_another_size_is_broken_off_and_never_taken_for_whole",),
    ),
    Guard(
        "kept-under-no-other-name",
        "whoever knows a file's first name changes what is kept",
        (Cut("shared/nameless_file.py", "if file.stat().st_nlink > 0:", "if False:"),),
        (_STORE + "test_what_is_kept_is_not_what_somebody_else_can_still_write",),
    ),
    Guard(
        "memory-of-a-prover",
        "a file makes the machine run out of memory",
        (
            Cut(
                "shared/media/prover.py",
                "    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))\n",
                "",
            ),
        ),
        (_PROOFS + "test_a_prover_has_limits_and_goes_first",),
    ),
    Guard(
        "provers-go-first",
        "where memory runs out, the worker is killed for a file",
        (Cut("shared/media/prover.py", 'write_text("1000", encoding="ascii")', "exists()"),),
        (_PROOFS + "test_a_prover_has_limits_and_goes_first",),
    ),
    Guard(
        "provers-at-rest",
        "a file gets the verdict of another one",
        (
            Cut(
                "shared/media/proofs.py",
                """            if slot.process is not None:
                await _end(slot.process)
                slot.process = None
            raise
""",
                """            raise
""",
            ),
        ),
        (_PROOFS + "test_no_file_gets_the_verdict_of_one_that_is_not_waited_for_any_more",),
    ),
    Guard(
        "time-of-a-prover",
        "a file occupies a prover for ever",
        (Cut("shared/media/prover.py", "        signal.alarm(PROOF_SECONDS)\n", ""),),
        (_PROOFS + "test_a_proof_that_takes_too_long_ends_its_process",),
    ),
)
