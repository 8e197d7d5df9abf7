"""The operator's commands, each a name and a function."""

import argparse
import sys
from collections.abc import Callable

from services.operations.migrate import migrate_database
from shared import config
from shared.log import configure_logging, failure, log
from shared.worker import CONFIGURATION_EXIT, CRASH_EXIT

COMMANDS: dict[str, Callable[[config.Env], None]] = {
    "migrate": migrate_database,
}


def main() -> None:
    """Run the command that is named, and exit 0, 1 (it failed) or 2 (a setting is wrong)."""
    parser = argparse.ArgumentParser(prog="operations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.__doc__)
    wanted = COMMANDS[parser.parse_args().command]
    env = config.environment()
    try:
        configure_logging(
            "operations",
            as_json=config.log_as_json(env),
            level=config.log_level(env),
            hash_key=b"",
        )
        wanted(env)
    except ValueError as error:
        configure_logging("operations", as_json=True, level="info", hash_key=b"")
        log.error("configuration.invalid", reason=str(error))
        sys.exit(CONFIGURATION_EXIT)
    except Exception as error:  # noqa: BLE001  the last place where it can be told
        log.error("service.crashed", **failure(error))
        sys.exit(CRASH_EXIT)
