"""Which messages an agent's answer becomes: its words, and its files."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.split_text import measure, split_text


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message to be sent; `file` is the place of its file among those of the answer."""

    text: str | None
    file: int | None = None


def plan_answer(
    text: str | None, captions: Sequence[bool], longest_text: int, longest_caption: int
) -> list[PlannedMessage]:
    """Give the messages in their order; `captions` tells of each file whether it can carry words.

    The words of a single file are its caption where that fits; else they come before the files,
    so that a reader knows what follows.
    """
    if text is None or not text.strip():
        return [PlannedMessage(None, file) for file in range(len(captions))]
    if list(captions) == [True] and measure(text) <= longest_caption:
        return [PlannedMessage(text, 0)]
    words = [PlannedMessage(part) for part in split_text(text, longest_text)]
    return words + [PlannedMessage(None, file) for file in range(len(captions))]
