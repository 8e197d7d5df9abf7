"""What citizens read: one file of texts that an administration can change."""

import re
import string
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

# The placeholders that each text must have, and the only ones that it may have.
_PLACEHOLDERS: dict[str, frozenset[str]] = {
    "opening": frozenset({"ticket"}),
    "closing": frozenset({"ticket", "grace"}),
    "reopened": frozenset({"ticket"}),
    "grace_minutes": frozenset({"count"}),
    "grace_seconds": frozenset({"count"}),
}
LONGEST_TEXT = 4096  # Meta, text messages


class InvalidTextsError(ValueError):
    """The file of texts cannot be used; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts, checked when they were read."""

    opening_text: str
    closing_text: str
    reopened_text: str
    grace_minutes: str
    grace_seconds: str

    def opening(self, ticket: str) -> str:
        """Tell the number of a new ticket."""
        return self.opening_text.format(ticket=ticket)

    def closing(self, ticket: str, grace: timedelta) -> str:
        """Tell that a ticket is being closed, and for how long it can still be written to."""
        return self.closing_text.format(ticket=ticket, grace=self._duration(grace))

    def reopened(self, ticket: str) -> str:
        """Tell that a ticket goes on after all."""
        return self.reopened_text.format(ticket=ticket)

    def _duration(self, duration: timedelta) -> str:
        minutes, seconds = divmod(round(duration.total_seconds()), 60)
        if minutes and not seconds:
            return self.grace_minutes.format(count=minutes)
        return self.grace_seconds.format(count=minutes * 60 + seconds)


def read_texts(path: Path) -> Texts:
    """Read and check the file; raise InvalidTextsError naming file and line."""
    try:
        source = path.read_text(encoding="utf-8")
        texts = tomllib.loads(source)
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InvalidTextsError(f"{path}, line {line}: is not UTF-8") from None
    except OSError as error:
        raise InvalidTextsError(f"{path}: cannot be read ({error.strerror})") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidTextsError(f"{path}: {error}") from None
    for name in texts.keys() - _PLACEHOLDERS.keys():
        raise InvalidTextsError(f"{path}, line {_line_of(source, name)}: unknown text {name}")
    for name, expected in _PLACEHOLDERS.items():
        _check(path, source, name, texts.get(name), expected)
    return Texts(
        opening_text=texts["opening"],
        closing_text=texts["closing"],
        reopened_text=texts["reopened"],
        grace_minutes=texts["grace_minutes"],
        grace_seconds=texts["grace_seconds"],
    )


def _check(path: Path, source: str, name: str, text: object, expected: frozenset[str]) -> None:
    place = f"{path}, line {_line_of(source, name)}: {name}"
    if text is None:
        raise InvalidTextsError(f"{path}, line {source.count(chr(10)) + 1}: {name} is missing")
    if not isinstance(text, str) or not text.strip():
        raise InvalidTextsError(f"{place} must be a text in quotes and not empty")
    if len(text) > LONGEST_TEXT:
        raise InvalidTextsError(f"{place} is longer than {LONGEST_TEXT} characters")
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise InvalidTextsError(f"{place}: {error}") from None
    found = {field for _, field, _, _ in parts if field is not None}
    for unknown in sorted(found - expected):
        line = _line_of(source, name, "{" + unknown)
        raise InvalidTextsError(
            f"{path}, line {line}: {name} has the unknown placeholder {{{unknown}}}"
        )
    if missing := sorted(expected - found):
        raise InvalidTextsError(f"{place} lacks the placeholder {{{missing[0]}}}")
    if any(spec or conversion for _, _, spec, conversion in parts):
        raise InvalidTextsError(f"{place} must name its placeholders alone, as in {{ticket}}")


def _line_of(source: str, name: str, part: str = "") -> int:
    match = re.search(rf"^\s*\"?{re.escape(name)}\"?\s*=", source, re.MULTILINE)
    if match is None:
        return 1
    place = source.find(part, match.start())
    return source.count("\n", 0, max(place, match.start())) + 1
