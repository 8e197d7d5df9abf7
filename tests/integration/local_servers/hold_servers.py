"""A run, as far as servers go: holds them until its input ends or Ctrl-C, and says what it sees.

With --fork it has a child that was forked, not started, and so holds all of its open pipes.
"""

import json
import os
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.answering import postgres_answers
from deploy.local.servers import NAMES_FOR_RUNNING, local_servers


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def tell(**facts: object) -> None:
    sys.stdout.write(f"{json.dumps(facts)}\n")
    sys.stdout.flush()


def fork_child() -> None:
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    tell(child=child)


def main(root: str, *options: str) -> None:
    # What a script starts in the background inherits that Ctrl-C is ignored, and so would this.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with local_servers(Path(root), NAMES_FOR_RUNNING, say) as servers:
        try:
            tell(database_url=servers.database_url)
            if "--fork" in options:
                fork_child()
            sys.stdin.read()
        except KeyboardInterrupt:
            # A real run lets its services drain now, and they need the servers for that.
            database = urlsplit(servers.database_url)
            answers = postgres_answers(database.hostname or "", database.port or 0)
            tell(answers_after_ctrl_c=answers)
            raise


if __name__ == "__main__":
    main(*sys.argv[1:])
