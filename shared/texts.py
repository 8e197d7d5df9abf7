"""What citizens read: one file of texts that an administration can change."""

import re
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

# The placeholders that each text must have, and the only ones that it may have.
_PLACEHOLDERS: dict[str, frozenset[str]] = {
    "opening": frozenset({"ticket"}),
    "closing": frozenset({"ticket", "grace"}),
    "reopened": frozenset({"ticket"}),
    "refused": frozenset({"ticket", "files", "formats"}),
    "refused_file": frozenset({"file", "reason"}),
    "more_files": frozenset({"count"}),
    "reason_format": frozenset(),
    "reason_damaged": frozenset(),
    "reason_too_large": frozenset(),
    "reason_malware": frozenset(),
    "reason_unavailable": frozenset(),
    "unnamed_image": frozenset(),
    "unnamed_video": frozenset(),
    "unnamed_audio": frozenset(),
    "unnamed_document": frozenset(),
    "grace_minutes": frozenset({"count"}),
    "grace_seconds": frozenset({"count"}),
}
LONGEST_TEXT = 4096  # Meta, text messages
# A notice about files is put together from parts; the longest is made when the texts are read.
_MOST_FILES = 15
_LONGEST_FILE_NAME = 60


class InvalidTextsError(ValueError):
    """The file of texts cannot be used; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class UntakenFile:
    """A file that was not taken, as its contact is told of it."""

    filename: str | None
    kind: str
    """Of its message: image, video, audio or document."""
    reason: str
    """As in the API: `format`, `damaged`, … or what made it unavailable."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts by name, checked when they were read."""

    by_name: Mapping[str, str]

    def opening(self, ticket: str) -> str:
        """Tell the number of a new ticket."""
        return self.by_name["opening"].format(ticket=ticket)

    def closing(self, ticket: str, grace: timedelta) -> str:
        """Tell that a ticket is being closed, and for how long it can still be written to."""
        return self.by_name["closing"].format(ticket=ticket, grace=self._duration(grace))

    def reopened(self, ticket: str) -> str:
        """Tell that a ticket goes on after all."""
        return self.by_name["reopened"].format(ticket=ticket)

    def refused(self, ticket: str, files: Sequence[UntakenFile], formats: Sequence[str]) -> str:
        """Tell which files were not taken and which formats are (R11); `formats` as in settings."""
        lines = [self._untaken(file) for file in files[:_MOST_FILES]]
        if len(files) > _MOST_FILES:
            lines.append(self.by_name["more_files"].format(count=len(files) - _MOST_FILES))
        words = ", ".join(name.upper() for name in formats)
        return self.by_name["refused"].format(ticket=ticket, files="\n".join(lines), formats=words)

    def _untaken(self, file: UntakenFile) -> str:
        name = file.filename or self.by_name[f"unnamed_{file.kind}"]
        if len(name) > _LONGEST_FILE_NAME:
            half = _LONGEST_FILE_NAME // 2
            name = f"{name[:half]}…{name[-half:]}"  # the end has the extension
        unavailable = self.by_name["reason_unavailable"]
        reason = self.by_name.get(f"reason_{file.reason}", unavailable)
        return self.by_name["refused_file"].format(file=name, reason=reason)

    def _duration(self, duration: timedelta) -> str:
        minutes, seconds = divmod(round(duration.total_seconds()), 60)
        if minutes and not seconds:
            return self.by_name["grace_minutes"].format(count=minutes)
        return self.by_name["grace_seconds"].format(count=minutes * 60 + seconds)


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
    read = Texts(texts)
    if (length := _longest_notice(read)) > LONGEST_TEXT:
        place = f"{path}, line {_line_of(source, 'refused')}"
        raise InvalidTextsError(
            f"{place}: refused and its parts make a notice of up to {length} characters, "
            f"more than {LONGEST_TEXT}"
        )
    return read


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


def _longest_notice(texts: Texts) -> int:
    """Give the length of the longest notice that these texts can make."""
    files = [
        UntakenFile(name, kind, reason)
        for name in ("x" * (_LONGEST_FILE_NAME + 1), None)
        for kind in ("image", "video", "audio", "document")
        for reason in ("format", "damaged", "too_large", "malware", "unavailable")
    ]
    longest = max(files, key=lambda file: len(texts.refused("", [file], [])))
    notice = texts.refused("2026-0000000000", [longest] * 1000, ["xxxxx"] * 20)
    return len(notice)


def _line_of(source: str, name: str, part: str = "") -> int:
    match = re.search(rf"^\s*\"?{re.escape(name)}\"?\s*=", source, re.MULTILINE)
    if match is None:
        return 1
    place = source.find(part, match.start())
    return source.count("\n", 0, max(place, match.start())) + 1
