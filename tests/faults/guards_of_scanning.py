"""The guards of the antivirus: nothing passes for clean that the daemon has not called so."""

from tests.faults.guard import Cut, Guard

_DAEMON = "tests/integration/media/test_antivirus.py::"
_FILES = "tests/integration/media_validator/test_scan_media.py::"
_ONE_FILE = "tests/integration/media_validator/test_validate_media.py::"
_ANTIVIRUS = "shared/media/antivirus.py"
_VALIDATE = "services/media_validator/validate_media.py"

GUARDS_OF_SCANNING = (
    Guard(
        "malware",
        "an agent opens what the antivirus would have found",
        (Cut(_VALIDATE, "elif await self._holds_malware(claim, fetched):", "elif False:"),),
        (_FILES + "test_a_file_with_malware_is_refused_and_everybody_is_told",),
    ),
    Guard(
        "only-clean-is-clean",
        "an error of the antivirus passes for a clean file",
        (
            Cut(
                _ANTIVIRUS,
                """        if found is None:
            raise self._no_verdict(size, "it answered an error")
""",
                """        if found is None:
            return None
""",
            ),
        ),
        (_DAEMON + "test_no_other_answer_passes_for_clean",),
    ),
    Guard(
        "hard-end-of-a-scan",
        "a daemon that freezes in the middle of a file holds its place for ever",
        (
            Cut(
                _ANTIVIRUS,
                "            writer.transport.abort()\n",
                "            writer.close()\n            await writer.wait_closed()\n",
            ),
        ),
        (_DAEMON + "test_a_daemon_that_freezes_is_not_waited_for_long",),
    ),
    Guard(
        "time-of-a-scan",
        "a daemon that freezes is waited for, for ever",
        (Cut(_ANTIVIRUS, "asyncio.timeout(SCAN_SECONDS)", "asyncio.timeout(None)"),),
        (_DAEMON + "test_a_daemon_that_freezes_is_not_waited_for_long",),
    ),
    Guard(
        "unjudged-is-said",
        "files that are too long for the antivirus wait, and nobody knows why",
        (
            Cut(
                _ANTIVIRUS,
                """        self._health.not_ready("antivirus verdict",""",
                """        str(""",
            ),
        ),
        (_DAEMON + "test_a_file_that_is_too_long_for_the_daemon_is_not_clean_and_is_told",),
    ),
    Guard(
        "asking-before-fetching",
        "an outage of the antivirus has every file fetched again and again",
        (Cut(_VALIDATE, "if self._antivirus is not None and claim.attempt > 1:", "if False:"),),
        (_FILES + "test_while_the_antivirus_is_away_a_file_waits_without_being_fetched_again",),
    ),
    Guard(
        "waiting-for-the-antivirus",
        "a file is given up because the antivirus was away",
        (
            Cut(
                _VALIDATE,
                "except AntivirusAwayError as error:",
                "except ZeroDivisionError as error:",
            ),
        ),
        (_FILES + "test_a_long_outage_of_the_antivirus_is_no_reason_to_give_a_file_up",),
    ),
    Guard(
        "fetching-for-a-verdict",
        "a file that gets no verdict is fetched every five minutes for a week",
        (
            Cut(
                _VALIDATE,
                "except NoVerdictError as error:\n            # Neither is this; but it is fetched"
                " whole each time.\n            await self._put_off(claim, error, delay_after(",
                "except NoVerdictError as error:\n            await self._put_off(claim, error,"
                " delay_of_scan(",
            ),
        ),
        (_FILES + "test_a_file_that_is_too_long_for_the_antivirus_waits_until_that_is_mended",),
    ),
    Guard(
        "answers-not-attempts",
        "after an outage one wrong answer of Meta gives a file up",
        (
            Cut(
                _VALIDATE,
                "gives_up(claim.missing_answers + missing,",
                "gives_up(claim.attempt,",
            ),
        ),
        (_ONE_FILE + "test_attempts_in_an_outage_are_no_answers_that_meta_does_not_know_the_file",),
    ),
)
