"""Write what a command found, for a person's eyes."""

import sys
from collections.abc import Sequence


def say(line: str) -> None:
    """Write one line."""
    sys.stdout.write(f"{line}\n")


def show_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write columns as wide as what stands in them; numbers to the right."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[place]) for line in [list(head), *texts]) for place in range(len(head))]
    numbers = [
        bool(rows) and all(isinstance(row[place], int) for row in rows)
        for place in range(len(head))
    ]
    for line in [list(head), *texts]:
        cells = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, numbers, strict=True)
        ]
        say("  ".join(cells).rstrip())
