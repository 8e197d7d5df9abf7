"""Write down what became of each guard that was taken out."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.guard import Guard

HEAD = ("guard", "what it prevents", "removed from", "test that failed", "seconds")


@dataclass(frozen=True, slots=True)
class Removed:
    """A guard that was taken out; the verdict is the test that failed, or why none did."""

    guard: Guard
    missed: bool
    verdict: str
    seconds: float

    @property
    def cells(self) -> tuple[str, ...]:
        files = dict.fromkeys(cut.file for cut in self.guard.cuts)
        return (
            self.guard.name, self.guard.prevents, ", ".join(files), self.verdict,
            f"{self.seconds:.0f}",
        )  # fmt: skip


def as_markdown(removed: Sequence[Removed]) -> str:
    rows = [HEAD, tuple("---" for _ in HEAD), *(_in_code(one.cells) for one in removed)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _in_code(cells: tuple[str, ...]) -> tuple[str, ...]:
    name, prevents, files, verdict, seconds = (cell.replace("|", "\\|") for cell in cells)
    return name, prevents, f"`{files}`", f"`{verdict}`", seconds


def as_text(removed: Sequence[Removed]) -> str:
    rows = [HEAD, *(one.cells for one in removed)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    lines = (
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)
