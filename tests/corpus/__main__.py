"""`make corpus`: make every file, judge it, and print what became of each kind.

With a folder as its argument the files are also written there, to be tried on anything else.
"""

import sys
from pathlib import Path

from services.operations.show import say, show_table
from shared.media.formats.format import Verdict
from shared.media.formats.registry import choose_formats
from tests.corpus.judge_corpus import FEWEST_TAKEN, judge_corpus, share_taken
from tests.corpus.kinds import TAKEN, make_all
from tests.corpus.made import Made


def main(folder: Path | None) -> int:
    """Print the table; give 1 where the bar was missed."""
    files = list(make_all())
    if folder is not None:
        _write(files, folder)
    lines = judge_corpus(files, choose_formats(TAKEN))
    verdicts = (Verdict.PROVED, Verdict.DAMAGED, Verdict.OTHER)
    rows = [
        [kind, line.verdicts.total(), *(line.verdicts[one] for one in verdicts)]
        for kind, line in lines.items()
    ]
    show_table(["kind", "files", "taken", "damaged", "refused"], rows)
    say("")
    for kind, line in lines.items():
        for name in line.wrong:
            say(f"taken, and must not be: {kind}, {name}")
        for name in line.missed:
            say(f"genuine, and not taken: {kind}, {name}")
    wrong = sum(len(line.wrong) for line in lines.values())
    least = min(share_taken(lines[kind]) for kind in TAKEN)
    refused = sum(line.verdicts.total() for kind, line in lines.items() if kind not in TAKEN)
    say(f"of {refused} files that must not be taken, {wrong} were")
    say(f"of the genuine files of each format, at least {least:.1%} were taken")
    return int(wrong > 0 or least < FEWEST_TAKEN)


def _write(files: list[Made], folder: Path) -> None:
    for one in files:
        path = folder / one.kind / one.name.replace("/", "_")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.content)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
