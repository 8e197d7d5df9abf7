"""The guards of fetching from Meta: the token goes nowhere else, and no file is too large."""

from tests.faults.guard import Cut, Guard

_FETCH = "tests/integration/media_validator/test_fetch_media.py::"
_HOSTS = "shared/whatsapp/media_hosts.py"
_MEDIA = "shared/whatsapp/fetch_media.py"

GUARDS_OF_FETCHING = (
    Guard(
        "hosts-of-the-token",
        "whoever can have Meta tell an address gets the access token",
        (Cut(_HOSTS, " or not self._may_see_token(origin):", ":"),),
        ("tests/unit/whatsapp/test_media_hosts.py::test_no_other_address_is_asked",),
    ),
    Guard(
        "private-addresses",
        "a name of Meta's domains leads the token into our own network",
        (Cut(_HOSTS, "if not self._hosts.may_be_private(host) and", "if False and"),),
        (_FETCH + "test_only_a_host_that_is_named_whole_may_be_a_private_address",),
    ),
    Guard(
        "nobody-before-the-host",
        "words of a stranger's address are sent in place of the token",
        (
            Cut(
                _HOSTS,
                "if url.raw_user is not None or url.raw_password is not None:",
                "if False:",
            ),
        ),
        ("tests/unit/whatsapp/test_media_hosts.py::test_no_other_address_is_asked",),
    ),
    Guard(
        "deadline-of-a-fetch",
        "a body that drips holds a place for ever",
        (Cut(_MEDIA, "asyncio.timeout(FETCH_SECONDS)", "asyncio.timeout(None)"),),
        (_FETCH + "test_a_body_that_drips_is_not_waited_for_beyond_the_deadline",),
    ),
    Guard(
        "silence-of-a-fetch",
        "a dead connection holds a place until the deadline",
        (Cut(_MEDIA, ", sock_read=SILENCE_SECONDS", ""),),
        (_FETCH + "test_a_silent_connection_is_taken_for_dead",),
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
        "no-redirects-of-the-address",
        "a redirect leads to a host that is not allowed, before an address is told",
        (
            Cut(
                _MEDIA,
                "get(url, allow_redirects=False) as answer:\n            told",
                "get(url) as answer:\n            told",
            ),
        ),
        (_FETCH + "test_a_redirect_is_not_followed",),
    ),
    Guard(
        "length-of-the-address",
        "an answer without end fills the memory",
        (
            Cut(
                _MEDIA,
                "await answer.content.readexactly(_LONGEST_ANSWER)",
                "await answer.content.read()",
            ),
        ),
        (_FETCH + "test_an_address_without_end_is_not_read_for_ever",),
    ),
    Guard(
        "measured-size",
        "a file without end fills the disk",
        (Cut(_MEDIA, "if size > most_bytes:", "if False:"),),
        (_FETCH + "test_what_does_not_announce_its_size_is_measured",),
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
                'if answer.headers.get("Content-Encoding", "identity").lower() != "identity":',
                "if False:",
            ),
        ),
        (_FETCH + "test_nothing_compressed_is_taken",),
    ),
)
