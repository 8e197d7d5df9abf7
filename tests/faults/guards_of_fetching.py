"""The guards of fetching from Meta: the token goes nowhere else, and no file is too large."""

from tests.faults.guard import Cut, Guard

_FETCH = "tests/integration/media_validator/test_fetch_media.py::"
_MEDIA = "shared/whatsapp/fetch_media.py"

GUARDS_OF_FETCHING = (
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
                'if answer.headers.get("Content-Encoding", "identity") != "identity":',
                "if False:",
            ),
        ),
        (_FETCH + "test_nothing_compressed_is_taken",),
    ),
)
