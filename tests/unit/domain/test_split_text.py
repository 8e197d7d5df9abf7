"""Texts that are longer than a message: split where a reader would pause, and nothing is lost."""

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain.split_text import measure, split_text

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
ACCENTED = "e\u0301"
# What texts are made of here: words, breaks of every kind, and characters of several code points.
PIECES = st.sampled_from(
    ["a", "palabra", " ", "  ", "\n", "\n\n", "\r\n", "\n \n", ". ", "?» ", "ñ", ACCENTED, FAMILY,
     "🇨🇴", "👍🏽", "𐍈", "\u00a0", "\u200d", "각", "\u0600 ", "\t", "x" * 30]
)  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=80).map("".join), st.text(max_size=200))
LIMITS = st.integers(min_value=12, max_value=60)


def without_blanks(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, LIMITS)
@example(" " * 100, 12)
@example("a" + "\u0301" * 100, 12)
@example("\n" + "palabra " * 20 + "\n", 12)
def test_nothing_but_white_space_at_the_seams_is_lost(text: str, longest: int) -> None:
    parts = split_text(text, longest)

    place = 0
    for number, part in enumerate(parts):
        assert part.strip(), "a part is empty"
        assert len(part) <= measure(part) <= longest
        assert measure(part) == len(part.encode("utf-16-le", "surrogatepass")) // 2
        found = text.index(part, place)
        assert not text[place:found].strip(), f"before part {number}"
        place = found + len(part)
    assert not text[place:].strip()
    assert without_blanks("".join(parts)) == without_blanks(text)


@given(TEXTS, LIMITS)
def test_what_is_seen_as_one_character_is_never_cut(text: str, longest: int) -> None:
    seen = regex.findall(r"\X", text)
    if any(measure(one) > longest for one in seen):
        return
    places = {0}
    for one in seen:
        places.add(max(places) + len(one))

    place = 0
    for part in split_text(text, longest):
        start = text.index(part, place)
        place = start + len(part)
        assert start in places
        # A space that hangs on the last character may go.
        assert place in places or text[place].isspace()


@given(TEXTS, LIMITS)
def test_a_text_that_fits_stays_as_it_is(text: str, longest: int) -> None:
    if text.strip() and measure(text) <= longest:
        assert split_text(text, longest) == [text]


@given(st.lists(st.sampled_from(["sí", "trámite", "y", "documentación."]), min_size=1))
def test_words_stay_whole_where_each_fits(words: list[str]) -> None:
    parts = split_text(" ".join(words), 20)

    assert " ".join(parts).split() == words
    assert len(parts) <= 2 * measure(" ".join(words)) // 20 + 1, "parts are at least half full"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Uno.\n\nDos tres cuatro.\nSeis. Siete", ["Uno.\n\nDos tres cuatro.", "Seis. Siete"]),
        ("Uno dos tres cua.\n\nCinco\nseis siete", ["Uno dos tres cua.", "Cinco\nseis siete"]),
        ("Uno dos tres. Cuatro cinco seis", ["Uno dos tres.", "Cuatro cinco seis"]),
        ("«Uno dos tres.» Cuatro cinco", ["«Uno dos tres.»", "Cuatro cinco"]),
        ("Uno dos tres cuatro cinco seis", ["Uno dos tres cuatro cinco", "seis"]),
        ("Mire " + "x" * 30, ["Mire", "x" * 25, "x" * 5]),
        ("x" * 24 + FAMILY, ["x" * 24, FAMILY]),
        ("🙂" * 13, ["🙂" * 12, "🙂"]),
    ],
    ids=["line", "paragraph", "sentence", "quoted sentence", "word", "before a long word",
         "a character of several", "two units each"],
)  # fmt: skip
def test_the_best_place_is_taken(text: str, parts: list[str]) -> None:
    assert split_text(text, 25) == parts


def test_a_large_text_is_split_in_a_moment() -> None:
    """The desk does it on its event loop."""
    text = ("Una línea de prueba, ni corta ni larga.\n" * 1100)[:40_000]

    assert [len(part) for part in split_text(text, 4096)][:-1] == [4079] * 9
