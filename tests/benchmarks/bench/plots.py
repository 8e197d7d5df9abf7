"""Draw what was measured, as SVG that changes only where the figures do."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from tests.benchmarks.bench.stage import IDLE
from tests.benchmarks.bench.turns import Section

SETTINGS: Any = {"svg.hashsalt": "ventanilla", "svg.fonttype": "none", "font.family": "sans-serif"}
WIDE = 20
"""Sides further apart than so many times are drawn on a scale of powers of ten."""
INK, FAINT = "#1f4e79", "#9db8d2"


def draw(sections: Sequence[Section], folder: Path) -> list[Path]:
    """Draw each section's sides with their turns; latency and the pipeline in their own way."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with mpl.rc_context(SETTINGS):
        for section in sections:
            name = section.name.split(",")[0].replace(" ", "-")
            figures = {name: _bars(section)}
            if latencies := section.details.get("latencies_ms"):
                figures = {"latency": _shares(section, latencies)}
            if steps := section.details.get("steps"):
                figures = {"pipeline": _cores(steps)}
            for stem, figure in figures.items():
                path = folder / f"{stem}.svg"
                figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
                drawn.append(path)
    return drawn


def _bars(section: Section) -> Figure:
    """Draw a bar for the median of each side, and a dot for each turn."""
    sides = list(section.values)
    figure = Figure(figsize=(8, 1 + 0.42 * len(sides)), layout="constrained")
    axes = figure.subplots()
    places = range(len(sides))
    medians = [statistics.median(section.values[side]) for side in sides]
    axes.barh(places, medians, color=FAINT)
    for place, side in enumerate(sides):
        values = section.values[side]
        axes.plot(values, [place] * len(values), "o", color=INK, markersize=4)
    axes.set_yticks(places, sides)
    axes.invert_yaxis()
    if max(medians) > WIDE * min(medians):
        axes.set_xscale("log")
        axes.set_xlim(left=min(medians) / 2)
    else:
        axes.set_xlim(left=0)
    axes.set_xlabel(section.unit)
    axes.set_title(section.name, fontsize=10)
    return figure


def _shares(section: Section, latencies: Any) -> Figure:
    """Draw which share of the messages was on the phone after how long."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots()
    ordered = sorted(latencies)
    shares = [100 * (place + 1) / len(ordered) for place in range(len(ordered))]
    axes.plot(ordered, shares, color=INK)
    hops = statistics.median(section.values["sum of the bare hops' medians"])
    axes.axvline(hops, color=FAINT, linestyle="--", label=f"the bare hops: {hops:.1f} ms")
    axes.set_xlim(left=0)
    axes.set_xlabel("ms from the webhook to the phone")
    axes.set_ylabel("% of messages")
    axes.set_title(section.name, fontsize=10)
    axes.legend(loc="lower right")
    return figure


def _cores(steps: Any) -> Figure:
    """Draw how much of a core each process used at each rate."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    steps = sorted(steps, key=lambda one: one["rate"])
    names = sorted(steps[-1]["cores"].keys() - {IDLE}, key=lambda name: -steps[-1]["cores"][name])
    labels = [f"{one['rate']:,.0f}" + ("" if one["rest_seconds"] <= 1 else "*") for one in steps]
    below = [0.0] * len(steps)
    for place, name in enumerate(names):
        shares = [one["cores"].get(name, 0.0) for one in steps]
        color = mpl.colormaps["tab20"](place % 20)
        axes.bar(labels, shares, bottom=below, label=name, color=color)
        below = [one + share for one, share in zip(below, shares, strict=True)]
    axes.set_xlabel("messages a second (*: not steady)")
    axes.set_ylabel("cores")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    return figure
