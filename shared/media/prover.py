"""The process that looks into strangers' files: `python -m shared.media.prover pdf jpg …`.

It says that it is ready, reads the path of a file from each line, and answers with a line: the
verdict and the format's name, or that it cannot read the file. A file that makes a proof take too
long, or too much memory, ends this process and no other.
"""

import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

from shared.media.formats.registry import ALL_FORMATS
from shared.media.judge_file import judge_file

PROOF_SECONDS = 60
MOST_BYTES = 192 * 1024 * 1024
READY = "ready"
UNREADABLE = "unreadable"


def main() -> None:
    """Judge until there are no more lines."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    with suppress(OSError):
        # Where memory runs out, this process goes first and not the one that it works for.
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker, which drains
    formats = [ALL_FORMATS[name] for name in sys.argv[1:]]
    _say(READY)
    for line in sys.stdin:
        signal.alarm(PROOF_SECONDS)
        try:
            judged = judge_file(Path(line.rstrip("\n")), formats)
        except OSError:
            _say(UNREADABLE)
        else:
            _say(f"{judged.verdict} {judged.format.name if judged.format is not None else ''}")
        signal.alarm(0)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
