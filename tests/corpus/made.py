"""What a maker of the corpus gives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Made:
    """One file, and what it is by the word of who made it."""

    kind: str
    """A format, or what a disguise is."""
    name: str
    """What is special about it; unique within its kind."""
    content: bytes


Maker = Callable[[], Iterator[Made]]
