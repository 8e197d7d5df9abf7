"""Judge the whole corpus, and hold what came out against what must."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shared.media.formats.format import Format, Verdict
from shared.media.judge_file import judge_file
from tests.corpus.made import Made

FEWEST_TAKEN = 0.99
"""Of the genuine files of a format that is taken."""


@dataclass
class Line:
    """What became of the files of one kind."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Names of files that were taken as another format, or that were taken and must not be."""
    missed: list[str] = field(default_factory=list)
    """Names of genuine files that were not taken."""


def judge_corpus(files: Iterable[Made], formats: Sequence[Format]) -> Mapping[str, Line]:
    """Judge each file by its content alone, as if these formats were allowed."""
    lines: dict[str, Line] = defaultdict(Line)
    allowed = {one.name for one in formats}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        for one in files:
            path.write_bytes(one.content)
            judged = judge_file(path, formats)
            line = lines[one.kind]
            line.verdicts[judged.verdict] += 1
            is_taken = judged.verdict is Verdict.PROVED
            as_itself = judged.format is not None and judged.format.name == one.kind
            if is_taken and not (as_itself and one.kind in allowed):
                line.wrong.append(one.name)
            if not is_taken and one.kind in allowed:
                line.missed.append(one.name)
    return lines


def share_taken(line: Line) -> float:
    """Give the share of a kind's files that were taken."""
    return line.verdicts[Verdict.PROVED] / line.verdicts.total()
