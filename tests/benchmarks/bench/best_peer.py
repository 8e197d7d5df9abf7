"""Find the best configuration of each peer in a short trial before the turns."""

from collections.abc import Awaitable, Callable

from tests.benchmarks.bench.peers import Peer, find_peers
from tests.benchmarks.bench.turns import MISSING, Section


async def best_peers(
    section: Section, role: str, attempt: Callable[[Peer], Awaitable[float]]
) -> list[Peer]:
    """Give each peer's best configuration; the section notes all of them with their figures."""
    peers = await find_peers(role)
    if not peers:
        section.notes.append(f"peers: {MISSING} (`make bench` makes their environment)")
    tried = {peer: await attempt(peer) for peer in peers}
    for peer, value in tried.items():
        print(f"  {section.name}: trial of {peer.title}: {value:,.0f}", flush=True)
        section.notes.append(
            f"{peer.title}: {peer.settings} ({peer.page}); in the trial {value:,.0f}"
        )
    section.details["trials"] = {peer.title: value for peer, value in tried.items()}
    names = dict.fromkeys(peer.name for peer in peers)
    return [
        max((one for one in peers if one.name == name), key=tried.__getitem__) for name in names
    ]
