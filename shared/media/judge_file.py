"""Judge a file by its content alone: neither its name nor its declared type plays a part."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.media.formats.disguise import faces_of
from shared.media.formats.format import Format, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict, and the format that was proved or that a damaged file begins as."""

    verdict: Verdict
    format: Format | None


def judge_file(path: Path, allowed: Sequence[Format]) -> Judged:
    """Find the one allowed format that the file is proved to have, to its end.

    A file that proves to be two formats at once is OTHER, and so is one that programs may take for
    something else, and an empty one: it begins as nothing. Blocks while it reads, in bounded
    memory: call it in a thread. Raises OSError when the file cannot be read.
    """
    verdicts = [(one.prove(path), one) for one in allowed]
    proved = [one for verdict, one in verdicts if verdict is Verdict.PROVED]
    if len(proved) == 1 and faces_of(path) <= proved[0].faces:
        return Judged(Verdict.PROVED, proved[0])
    damaged = [one for verdict, one in verdicts if verdict is Verdict.DAMAGED]
    if damaged and not proved:
        return Judged(Verdict.DAMAGED, damaged[0])
    return Judged(Verdict.OTHER, None)
