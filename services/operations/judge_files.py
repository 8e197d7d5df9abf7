"""Judge files of this machine as the validator judges those of citizens (R11)."""

import argparse
import asyncio
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from services.operations.command_failed import CommandFailedError
from services.operations.show import say, show_table
from shared import config
from shared.media.formats.format import Format, Verdict
from shared.media.formats.registry import choose_formats
from shared.media.judge_file import Judged
from shared.media.proofs import Proofs

_WORDS = {Verdict.PROVED: "taken", Verdict.DAMAGED: "damaged", Verdict.OTHER: "refused"}


def judge_options(parser: argparse.ArgumentParser) -> None:
    """Say which files, and how much to print."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file or a folder")
    parser.add_argument(
        "--table", action="store_true", help="count for each folder, not a line for each file"
    )


def judge_files(env: config.Env, arguments: argparse.Namespace) -> None:
    """Say of files whether they would be taken, by MEDIA_FORMATS and their content alone."""
    formats = choose_formats(config.media_formats(env))
    for path in arguments.paths:
        if not path.exists():
            raise CommandFailedError(f"there is no {path}")
    verdicts = asyncio.run(_judge(list(_files(arguments.paths)), formats))
    if arguments.table:
        _show(verdicts)
        return
    for path, judged in verdicts.items():
        name = judged.format.name if judged.format is not None else "-"
        say(f"{_WORDS[judged.verdict]:8} {name:5} {path}")


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (one.absolute() for one in inside if one.is_file())


async def _judge(files: Sequence[Path], formats: Sequence[Format]) -> dict[Path, Judged]:
    verdicts = {}
    async with Proofs(formats) as proofs:
        for file in files:
            # By its number, as the validator does: a name may hold what ends a line.
            with file.open("rb") as opened:
                path = Path(f"/proc/{os.getpid()}/fd/{opened.fileno()}")
                verdicts[file] = await proofs.judge(path)
    return verdicts


def _show(verdicts: Mapping[Path, Judged]) -> None:
    """Print a line for each folder that holds files, and one for all of them."""
    folders: dict[str, list[Judged]] = defaultdict(list)
    for path, judged in verdicts.items():
        folders[str(path.parent)].append(judged)
    rows = [_row(folder, judged) for folder, judged in sorted(folders.items())]
    rows.append(_row("all", list(verdicts.values())))
    show_table(["folder", "files", *_WORDS.values(), "taken as"], rows)


def _row(folder: str, judged: Sequence[Judged]) -> list[object]:
    counts = Counter(one.verdict for one in judged)
    names = Counter(
        one.format.name
        for one in judged
        if one.verdict is Verdict.PROVED and one.format is not None
    )
    taken_as = ", ".join(f"{name} {count}" for name, count in names.most_common())
    return [folder, len(judged), *(counts[verdict] for verdict in _WORDS), taken_as]
