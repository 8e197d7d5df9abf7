"""What the rules say of a ticket, and what may come: the words of the state machine."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

BEGIN = datetime(2026, 11, 23, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)
AHEAD = timedelta(minutes=5)
MOMENT = timedelta(microseconds=1)

CONTACTS = ("34600000001", "34600000002")

# The second is there to show that batches keep people apart; most happens to the first.
contacts = st.sampled_from([CONTACTS[0], CONTACTS[0], CONTACTS[0], CONTACTS[1]])


def second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def next_second(moment: datetime) -> datetime:
    return second(moment + SECOND - MOMENT)


@dataclass
class ExpectedTicket:
    """What the rules say of a ticket."""

    click: datetime | None = None
    deadline: datetime | None = None
    closing_message: int | None = None
    taken: bool = False
    reopened_from: datetime | None = None
    """The click that a message of the contact took back; what else came after it is marked too."""
    ended: bool = False
    """A message that WhatsApp stamped at or after the deadline came before it (R7)."""
    unread: int = 0
    inbound: dict[str, bool] = field(default_factory=dict)
    outbound: list[str] = field(default_factory=lambda: ["opening"])

    def over(self, now: datetime) -> bool:
        return self.ended or (self.deadline is not None and now >= self.deadline)

    def reopen(self, *, by_contact: bool) -> None:
        self.reopened_from = self.click if by_contact else None
        if self.taken:
            self.outbound.append("reopened")
        else:
            self.outbound.pop(len(self.outbound) - 1 - self.outbound[::-1].index("closing"))
        self.click = self.deadline = self.closing_message = None
        self.taken = False


@dataclass(frozen=True)
class Stamp:
    """WhatsApp's timestamp of a message, relative to something that matters."""

    anchor: str
    seconds: int = 0
    nonsense: str = ""


stamps = st.one_of(
    st.builds(Stamp, st.just("now"), st.sampled_from([0, 0, -1, 1, -3, 3, -7200, 300, 301, 9999])),
    st.builds(Stamp, st.sampled_from(["deadline", "click"]), st.integers(-1, 1)),
    st.builds(Stamp, st.just("nonsense"), nonsense=st.sampled_from(["", "soon", "-5", "7"])),
)
lags = st.sampled_from([timedelta(0), timedelta(seconds=0.25), timedelta(seconds=2)])
things = st.sampled_from(["text", "text", "text", "image", "hologram", "reaction", "group"])
Letter = tuple[str, Stamp, timedelta, str]
letters = st.tuples(contacts, stamps, lags, things)
