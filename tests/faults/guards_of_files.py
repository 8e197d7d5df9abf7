"""The guards around the files that contacts send."""

from tests.faults.guard import Cut, Guard

_REQUEUE = "tests/integration/scheduler/test_requeue_attachments.py::"
_FETCH = "tests/integration/media_validator/test_fetch_media.py::"
_ONE_FILE = "tests/integration/media_validator/test_validate_media.py::"
_MANY_FILES = "tests/integration/media_validator/test_validate_attachments.py::"
_PROOFS = "tests/integration/media/test_proofs.py::"
_CLAIM = "services/media_validator/claim_attachment.py"
_MEDIA = "shared/whatsapp/fetch_media.py"

GUARDS_OF_FILES = (
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
        "bytes to which nothing refers stay for ever",
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
        "hosts-of-the-token",
        "whoever can have Meta tell an address gets the access token",
        (
            Cut(
                _MEDIA,
                "if url.scheme not in schemes or not self._may_see_token(url):",
                "if url.scheme not in schemes:",
            ),
        ),
        (_FETCH + "test_no_other_host_is_asked_let_alone_sees_the_token",),
    ),
    Guard(
        "no-redirects",
        "a redirect leads to a host that is not allowed",
        (
            Cut(
                _MEDIA,
                "get(url, allow_redirects=False) as answer:\n            if answer.status",
                "get(url) as answer:\n            if answer.status",
            ),
        ),
        (_FETCH + "test_a_redirect_is_not_followed",),
    ),
    Guard(
        "announced-size",
        "what announces too much is waited for",
        (Cut(_MEDIA, "if (answer.content_length or 0) > most_bytes:", "if False:"),),
        (_FETCH + "test_what_announces_too_much_is_not_waited_for",),
    ),
    Guard(
        "nothing-compressed",
        "a small answer becomes a large file",
        (
            Cut(
                _MEDIA,
                'if answer.headers.get("Content-Encoding", "identity") != "identity":',
                "if False:",
            ),
        ),
        (_FETCH + "test_nothing_compressed_is_taken",),
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
        "time-of-a-prover",
        "a file occupies a prover for ever",
        (Cut("shared/media/prover.py", "        signal.alarm(PROOF_SECONDS)\n", ""),),
        (_PROOFS + "test_a_proof_that_takes_too_long_ends_its_process",),
    ),
)
