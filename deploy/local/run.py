"""`make run`: servers, schema, services, one conversation, and all of it there until Ctrl-C."""

import argparse
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from deploy.local.choose_ports import choose_ports
from deploy.local.errors import RunError
from deploy.local.guardian import CHECKOUT, Guardian
from deploy.local.interrupts import end_on_signals, ignore_signals, say
from deploy.local.own_guardians import wait_for_own_guardians
from deploy.local.people import Agent, Citizen
from deploy.local.play_conversation import play_conversation
from deploy.local.servers import NAMES_FOR_RUNNING, Servers, local_servers
from deploy.local.service_settings import (
    GRACE_IN_PRODUCTION,
    GRACE_SECONDS,
    NOTICE_IN_PRODUCTION,
    NOTICE_SECONDS,
    choose_settings,
    service_url,
)
from deploy.local.services import Services
from deploy.local.transcript import Transcript

LOG_FOLDER = Path(".local/logs")

FAILED = 1
INTERRUPTED = 130


def main() -> int:
    """Run everything; 0 after Ctrl-C, 1 if it failed, 130 if interrupted before it was up."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the conversation")
    once = parser.parse_args().once
    end_on_signals()
    try:
        with local_servers(CHECKOUT, NAMES_FOR_RUNNING, say) as servers:
            return _run_on(servers, once=once)
    except KeyboardInterrupt:
        return INTERRUPTED
    except RunError as error:
        print(f"\nmake run: {error}", file=sys.stderr)
        return FAILED
    finally:
        ignore_signals()
        wait_for_own_guardians(CHECKOUT / ".local")


def _run_on(servers: Servers, *, once: bool) -> int:
    for sentence in servers.origin:
        say(sentence)
    ports = choose_ports(say)
    settings = choose_settings(servers.database_url, servers.amqp_url, ports)
    with _services(settings, ports) as services:
        citizen = _invent_citizen(service_url(ports, "whatsapp_simulator"))
        agent = Agent(service_url(ports, "agent_desk"), settings["DESK_ADMIN_TOKEN"])
        _converse(citizen, agent, services)
        if not once:
            _say_addresses(ports, citizen, agent, settings["DESK_ADMIN_TOKEN"])
            try:
                services.wait_until_one_ends()
            except KeyboardInterrupt:
                say("")
    return 0


@contextmanager
def _services(settings: Mapping[str, str], ports: Mapping[str, int]) -> Iterator[Services]:
    """Start every service; at the end let them drain, and leave nothing whatever happens."""
    log_folder = CHECKOUT / LOG_FOLDER
    log_folder.mkdir(parents=True, exist_ok=True)
    with Guardian(CHECKOUT) as guardian:
        services = Services(guardian, settings, ports, log_folder)
        began = monotonic()
        services.migrate()
        try:
            services.start()
            say(f"{', '.join(ports)} ready after {monotonic() - began:.1f} s; logs: {LOG_FOLDER}")
            yield services
        finally:
            _end(services)


def _end(services: Services) -> None:
    try:
        say("ending: the services finish what they do; Ctrl-C again ends them at once")
        services.end(say)
    except KeyboardInterrupt:
        say("ending at once")


def _converse(citizen: Citizen, agent: Agent, services: Services) -> None:
    say(f"The grace after a closing is {GRACE_SECONDS} s here, {GRACE_IN_PRODUCTION} in production")
    say(f"A notice about files waits {NOTICE_SECONDS} s here, {NOTICE_IN_PRODUCTION} in production")
    say("\nA conversation, as it can be read on the citizen's phone and at the desk (UTC):\n")
    play_conversation(Transcript(citizen, agent, say, services.must_run))
    say("")


def _invent_citizen(simulator_url: str) -> Citizen:
    # Another one in each run: a database that is kept may hold an open ticket of an earlier one.
    return Citizen(simulator_url, f"34600{secrets.randbelow(10**6):06}", "Ana")


def _say_addresses(
    ports: Mapping[str, int], citizen: Citizen, agent: Agent, admin_token: str
) -> None:
    simulator, ingress = (service_url(ports, name) for name in ("whatsapp_simulator", "ingress"))
    say(f"""Ventanilla is up until Ctrl-C:
  the citizens' phones   {simulator}/
  the desk's API         {agent.tickets_url}
    as an agent          curl -H 'Authorization: Bearer {admin_token}' {agent.tickets_url}
  WhatsApp's webhooks    {ingress}/webhook
Write as {citizen.name}:
  curl -d '{{"text": "Hola"}}' {citizen.messages_url}
""")
