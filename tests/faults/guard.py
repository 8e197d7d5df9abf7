"""What a guard of the system is: what it prevents, how to take it out, who notices."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cut:
    """A place in a file at which a guard stands, and what stands there without it."""

    file: str
    """From the top of the repository."""
    old: str
    """Occurs in the file exactly once."""
    new: str

    def make(self, root: Path) -> None:
        """Take the guard out of the checkout at `root`; raise ValueError where it is not there."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file} has {text.count(self.old)} times: {self.old}")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Guard:
    """Something without which the system does harm, and the tests that notice its absence.

    More than one cut where one guard stands in for another: then only both together are missed.
    """

    name: str
    prevents: str
    cuts: tuple[Cut, ...]
    tests: tuple[str, ...]
    """Ids of pytest."""
