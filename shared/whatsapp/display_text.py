"""Make what strangers chose fit to be stored and shown: names, file names."""

import re
import unicodedata

_LONGEST_NAME = 100
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Joins emoji; all other characters without a form of their own can hide or turn a text.
_JOINER = "\u200d"


def storable(text: str) -> str:
    """Replace what PostgreSQL's text cannot hold (NUL and halves of surrogate pairs)."""
    return _UNSTORABLE.sub("\ufffd", text)


def clean_text(value: object, longest: int) -> str | None:
    """Give one line without control or direction marks; None where nothing is left."""
    if not isinstance(value, str):
        return None
    # Python calls printable what is neither a mark nor a separator, but for the space: most names.
    kept = value if value.isprintable() else _without_marks(value)
    return " ".join(kept.split())[:longest] or None


def _without_marks(text: str) -> str:
    return "".join(
        " " if unicodedata.category(c) in {"Zl", "Zp"} else c
        for c in storable(text)
        if unicodedata.category(c) not in {"Cc", "Cf"} or c == _JOINER
    )


def display_name(value: object) -> str | None:
    """Clean a name that its owner chose: 100 characters at most."""
    return clean_text(value, _LONGEST_NAME)
