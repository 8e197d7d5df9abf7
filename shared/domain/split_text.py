"""Split a text that is too long for one message, at the places where a reader would pause."""

from collections.abc import Sequence

import regex

# What a reader sees as one character (UAX 29): a letter with its accents, an emoji of several.
_CHARACTER = regex.compile(r"\X")
_LINE_ENDS = {"\n", "\r", "\r\n", "\u2028", "\u2029"}
_ENDS_SENTENCE = tuple(".!?…")
_CLOSES = "\"'»”)]"


def split_text(text: str, longest: int) -> list[str]:
    """Give the text in parts of at most `longest` code units of UTF-16, none of them empty.

    At the end of a paragraph, of a line, of a sentence or of a word, whichever of these is found
    first in the second half of a part, so that parts are not many; else at any word. Where there
    is none, a word is cut, but never a character that is seen as one. Only white space at the
    seams and at both ends is lost, and where nothing is split not even that.

    UTF-16 because it is not documented what WhatsApp counts: no way of counting gives more.
    """
    if measure(text) <= longest:
        return [text] if text.strip() else []
    characters = _characters(text, longest)
    parts: list[str] = []
    start = _skip_blank(characters, 0)
    while start < len(characters):
        end = _fill(characters, start, longest)
        if end < len(characters):
            end = _find_seam(characters, start, end)
        parts.append("".join(characters[start:end]).rstrip())
        start = _skip_blank(characters, end)
    return parts


def measure(text: str) -> int:
    """Give a text's length in code units of UTF-16, of which an emoji has two or more."""
    return len(text) + sum(char > "\uffff" for char in text)


def _characters(text: str, longest: int) -> list[str]:
    """Give the characters as they are seen; one longer than a part is no character any more."""
    found: list[str] = []
    for one in _CHARACTER.findall(text):
        found += [one] if measure(one) <= longest else list(one)
    return found


def _skip_blank(characters: Sequence[str], place: int) -> int:
    while place < len(characters) and characters[place].isspace():
        place += 1
    return place


def _fill(characters: Sequence[str], start: int, longest: int) -> int:
    """Give the end of as many characters as fit."""
    length, end = 0, start
    while end < len(characters) and (length := length + measure(characters[end])) <= longest:
        end += 1
    return end


def _find_seam(characters: Sequence[str], start: int, end: int) -> int:
    """Give the best place to split at, up to `end`; there, or behind it, is white space."""
    seams = [at for at in range(end, start, -1) if characters[at].isspace()]
    near = [at for at in seams if at - start >= (end - start) // 2]
    for is_good in (_is_paragraph, _is_line, _is_sentence):
        for at in near:
            if is_good(characters, at):
                return at
    return seams[0] if seams else end


def _is_paragraph(characters: Sequence[str], at: int) -> bool:
    if not _is_line(characters, at):
        return False
    end = _skip_blank(characters, at)
    return any(_is_line(characters, behind) for behind in range(at + 1, end))


def _is_line(characters: Sequence[str], at: int) -> bool:
    return characters[at] in _LINE_ENDS


def _is_sentence(characters: Sequence[str], at: int) -> bool:
    place = at - 1
    while place > 0 and characters[place] in _CLOSES:
        place -= 1
    return characters[place].endswith(_ENDS_SENTENCE)
