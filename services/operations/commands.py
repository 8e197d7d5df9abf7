"""The operator's commands, each a name, a function and its options."""

import argparse
import logging
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass

from services.operations.audit_logs import audit_logs, audit_options
from services.operations.command_failed import CommandFailedError
from services.operations.discard_dead_letters import discard_dead_letters, discard_options
from services.operations.judge_files import judge_files, judge_options
from services.operations.list_conflicts import conflict_options, list_conflicts
from services.operations.list_dead_letters import list_dead_letters, list_options
from services.operations.merge_contacts import merge_contacts, merge_options
from services.operations.migrate import migrate_database
from services.operations.purge import purge, purge_options
from services.operations.replay_dead_letters import replay_dead_letters, replay_letters_options
from services.operations.replay_items import replay_items, replay_options
from services.operations.resume_channel import resume_channel
from services.operations.show_channel import show_channel
from services.operations.unmerge_contacts import unmerge_contacts, unmerge_options
from shared import config
from shared.database.pool import AWAY
from shared.errors import OutsideAwayError
from shared.log import configure_logging, failure, log
from shared.worker import CONFIGURATION_EXIT, CRASH_EXIT

INTERRUPTED_EXIT = 130


@dataclass(frozen=True, slots=True)
class Command:
    """What a name runs, and what it may be told."""

    run: Callable[[config.Env, argparse.Namespace], None]
    add_options: Callable[[argparse.ArgumentParser], None] = lambda _: None


COMMANDS: dict[str, Command] = {
    "migrate": Command(migrate_database),
    "audit": Command(audit_logs, audit_options),
    "judge": Command(judge_files, judge_options),
    "purge": Command(purge, purge_options),
    "replay": Command(replay_items, replay_options),
    "channel show": Command(show_channel),
    "channel resume": Command(resume_channel),
    "contacts list": Command(list_conflicts, conflict_options),
    "contacts merge": Command(merge_contacts, merge_options),
    "contacts unmerge": Command(unmerge_contacts, unmerge_options),
    "dead-letters list": Command(list_dead_letters, list_options),
    "dead-letters replay": Command(replay_dead_letters, replay_letters_options),
    "dead-letters discard": Command(discard_dead_letters, discard_options),
}


def main() -> None:
    """Run the command that is named, and exit 0, 1 (it failed) or 2 (a setting is wrong)."""
    arguments = _parser().parse_args()
    env = config.environment()
    try:
        # What a command prints is for a person's eyes; its log goes beside.
        with nullcontext() if arguments.name == "migrate" else redirect_stdout(sys.stderr):
            configure_logging(
                "operations",
                as_json=config.log_as_json(env),
                level=config.log_level(env),
                hash_key=b"",
            )
        # What it has to say becomes the one line of the command that failed.
        logging.getLogger("aiormq").setLevel(logging.CRITICAL)
        _run(COMMANDS[arguments.name], env, arguments)
    except ValueError as error:
        configure_logging("operations", as_json=True, level="info", hash_key=b"")
        log.error("configuration.invalid", reason=str(error))
        sys.exit(CONFIGURATION_EXIT)
    except Exception as error:  # noqa: BLE001  the last place where it can be told
        log.error("service.crashed", **failure(error))
        sys.exit(CRASH_EXIT)


def _run(command: Command, env: config.Env, arguments: argparse.Namespace) -> None:
    """Tell in one line what goes wrong outside of the command."""
    try:
        command.run(env, arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has seen enough; what Python still holds would fail once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(CRASH_EXIT)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED_EXIT)
    except (CommandFailedError, OutsideAwayError) as error:
        _fail(str(error))
    except AWAY as error:
        _fail(f"the database does not answer, or refuses ({type(error).__name__})")


def _fail(words: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"operations: {words}\n")
    sys.exit(CRASH_EXIT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="operations", description=__doc__)
    groups = {"": parser.add_subparsers(required=True, metavar="COMMAND")}
    for name, command in COMMANDS.items():
        group, _, verb = name.rpartition(" ")
        if group not in groups:
            above = groups[""].add_parser(group, help=f"commands about {group}")
            groups[group] = above.add_subparsers(required=True, metavar="COMMAND")
        text = command.run.__doc__
        sub = groups[group].add_parser(verb, help=text, description=text)
        command.add_options(sub)
        sub.set_defaults(name=name)
    return parser
