"""What was measured in turns, and what it comes to."""

import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

Measure = Callable[[], Awaitable[float]]
MISSING = "not installed"


@dataclass
class Bar:
    """A ratio, and what is asked of it."""

    what: str
    of: str
    against: str
    bar: float | None
    """None: only to be known."""
    at_most: bool = False
    """True: smaller is better."""
    reached: list[float] = field(default_factory=list)
    """The ratio of each turn; empty: one of the two was not measured."""

    @property
    def holds(self) -> bool | None:
        """Tell whether the median ratio keeps the bar; None where there is nothing to tell."""
        if not self.reached or self.bar is None:
            return None
        middle = statistics.median(self.reached)
        return middle <= self.bar if self.at_most else middle >= self.bar


@dataclass
class Section:
    """One comparison: the values of each side, turn by turn, and the bars over them."""

    name: str
    unit: str
    values: dict[str, list[float]] = field(default_factory=dict)
    bars: list[Bar] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    details: dict[str, object] = field(default_factory=dict)
    """Whatever the JSON should hold besides."""

    async def take_turns(self, sides: Mapping[str, Measure], turns: int) -> None:
        """Measure every side once a turn, each turn beginning with another side.

        Turns, because the machine is not the same from one minute to the next.
        """
        order = list(sides)
        for turn in range(turns):
            for name in order[turn % len(order) :] + order[: turn % len(order)]:
                value = await sides[name]()
                self.values.setdefault(name, []).append(value)
                print(f"  {self.name}: {name}: {value:,.1f} {self.unit}", flush=True)

    def compare(self, bar: Bar) -> None:
        """Add a bar, with the ratio of each turn."""
        pairs = zip(self.values.get(bar.of, ()), self.values.get(bar.against, ()), strict=False)
        bar.reached = [value / other for value, other in pairs]
        self.bars.append(bar)


def spread(values: Sequence[float]) -> str:
    """Write a median with the smallest and the largest value."""
    if not values:
        return MISSING
    if len(values) == 1:
        return number(values[0])
    middle, least, most = (f(values) for f in (statistics.median, min, max))
    return f"{number(middle)} ({number(least)} to {number(most)})"


def number(value: float) -> str:
    """Write a number with as many digits as it deserves."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def quantile(values: Sequence[float], percent: int) -> float:
    """Give a percentile."""
    return statistics.quantiles(values, n=100)[percent - 1]


def table(sections: Sequence[Section]) -> str:
    """Write all sections as tables in Markdown."""
    lines: list[str] = []
    for section in sections:
        lines += [f"### {section.name} ({section.unit})", "", "| side | median (spread) |"]
        lines += ["| --- | --- |"]
        lines += [f"| {name} | {spread(values)} |" for name, values in section.values.items()]
        if section.bars:
            lines += ["", "| ratio | bar | reached | |", "| --- | --- | --- | --- |"]
        for bar in section.bars:
            verdict = {True: "held", False: "MISSED", None: ""}[bar.holds]
            asked = "" if bar.bar is None else f"{'≤' if bar.at_most else '≥'} {bar.bar:g}"
            lines += [f"| {bar.what} | {asked} | {spread(bar.reached)} | {verdict} |"]
        lines += ["", *(f"- {note}" for note in section.notes), ""]
    return "\n".join(lines)
