"""Read the log lines of all processes: what ingress accepted, and what became of each item."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec

from shared.broker.topology import STATUS_TRACKER, TICKET_ROUTER

# Never taken back, whatever line comes later: a worker may die of what it has committed, and its
# event be buried all the same. So does the ledger.
_FINAL: Final = frozenset({"stored", "duplicate"})


class _Line(msgspec.Struct):
    event: str
    timestamp: Annotated[datetime, msgspec.Meta(tz=True)]
    trace_id: str | None = None
    items: int = 0
    took_ms: float = 0.0
    item_id: str | None = None
    outcome: str | None = None
    queue: str | None = None


@dataclass(slots=True)
class Webhook:
    """One that was answered 200."""

    at: datetime
    took: timedelta
    items: int
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def difference(self) -> int:
        """Count the items of which nothing is known."""
        return self.items - self.outcomes.total()


@dataclass(slots=True)
class _Item:
    """What the lines say of an item; a replay has a trace of its own."""

    outcome: str
    at: datetime
    traces: tuple[str, ...]


@dataclass(slots=True)
class LogLines:
    """All that was read."""

    since: datetime | None = None
    until: datetime | None = None
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    """By trace; only those in the time that was asked for."""
    items: dict[str, _Item] = field(default_factory=dict)
    newest: datetime | None = None
    unreadable: int = 0
    unnamed: int = 0
    """Dead letters that say of no item what they held."""
    _decoder: msgspec.json.Decoder[_Line] = field(
        default_factory=lambda: msgspec.json.Decoder(_Line)
    )

    def read(self, lines: Iterable[bytes]) -> None:
        """Take in the lines of one process, or of several in any order."""
        for text in lines:
            try:
                line = self._decoder.decode(text)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                self.unreadable += bool(text.strip())
                continue
            if self.newest is None or line.timestamp > self.newest:
                self.newest = line.timestamp
            self._take(line)

    def _take(self, line: _Line) -> None:
        if line.event == "webhook.accepted":
            early = self.since is not None and line.timestamp < self.since
            late = self.until is not None and line.timestamp >= self.until
            if line.trace_id and not early and not late:
                took = timedelta(milliseconds=line.took_ms)
                self.webhooks[line.trace_id] = Webhook(line.timestamp, took, line.items)
        elif line.event == "item.recorded" and line.item_id and line.outcome:
            self._note(line.item_id, line.outcome, line)
        elif line.event == "status.matched" and line.item_id:
            self._note(line.item_id, "stored", line)
        elif line.event == "event.dead_lettered" and line.queue in {TICKET_ROUTER, STATUS_TRACKER}:
            if line.item_id:
                self._note(line.item_id, "dead", line)
            else:
                self.unnamed += 1

    def _note(self, item_id: str, outcome: str, line: _Line) -> None:
        trace = (line.trace_id,) if line.trace_id else ()
        item = self.items.get(item_id)
        if item is None:
            self.items[item_id] = _Item(outcome, line.timestamp, trace)
            return
        # The lines of several processes are not read in the order of time.
        if outcome in _FINAL or (item.outcome not in _FINAL and line.timestamp >= item.at):
            item.outcome, item.at = outcome, line.timestamp
        item.traces += tuple(one for one in trace if one not in item.traces)

    def count(self) -> Counter[str]:
        """Give the items to their webhooks; give what is left, by outcome."""
        elsewhere: Counter[str] = Counter()
        for item in self.items.values():
            trace = next((one for one in item.traces if one in self.webhooks), None)
            if trace is None:
                elsewhere[item.outcome] += 1
            else:
                self.webhooks[trace].outcomes[item.outcome] += 1
        return elsewhere
