"""The faults of a campaign by their names, as reports and schedules say them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random

from tests.faults.campaign import break_outside, break_processes, break_servers
from tests.faults.campaign.break_processes import Fault, crash_at
from tests.faults.campaign.citizens import Citizens
from tests.faults.campaign.crash_points import POINTS
from tests.faults.campaign.world import World

FaultOfCitizens = Callable[[World, Citizens, Random], Awaitable[str | None]]


def _without_citizens(fault: Fault) -> FaultOfCitizens:
    return lambda world, _, chance: fault(world, chance)


_CRASHES = {f"kill -9 {point}": crash_at(point) for point in POINTS}
_FAULTS: dict[str, Fault] = {
    **_CRASHES,
    "kill -9 at random": break_processes.kill_one,
    "SIGTERM under load": break_processes.stop_one,
    "SIGSTOP beyond a lease": break_processes.freeze_beyond_lease,
    "SIGSTOP in a transaction": break_processes.freeze_in_transaction,
    "RabbitMQ killed": break_servers.kill_rabbit,
    "RabbitMQ out of memory": break_servers.run_out_of_memory,
    "RabbitMQ's connections cut": break_servers.cut_rabbit,
    "RabbitMQ's connections half open": break_servers.half_open_rabbit,
    "RabbitMQ's connections slow": break_servers.slow_rabbit,
    "PostgreSQL killed": break_servers.kill_postgres,
    "PostgreSQL's backends ended": break_servers.end_backends,
    "PostgreSQL's connections cut": break_servers.cut_postgres,
    "PostgreSQL's connections half open": break_servers.half_open_postgres,
    "PostgreSQL's connections slow": break_servers.slow_postgres,
    "a deploy whose SQL fails": break_servers.deploy_what_fails,
    "Graph API away": break_outside.graph_away,
    "Graph API slow": break_outside.graph_slow,
    "Graph API too late": break_outside.graph_late,
    "Graph API's answers lost": break_outside.graph_loses_answers,
    "media host away": break_outside.media_away,
}
KINDS: Mapping[str, FaultOfCitizens] = {
    **{name: _without_citizens(fault) for name, fault in _FAULTS.items()},
    "a poison event": break_outside.poison,
    "an event that kills": break_outside.send_a_killer,
}


def crashes() -> Sequence[str]:
    """Give the kinds that kill at a named point."""
    return tuple(_CRASHES)
