"""Say in words and figures what a campaign did and found."""

from collections import Counter
from collections.abc import Iterator

from tests.faults.campaign.audit_phones import repeated, resends
from tests.faults.campaign.audit_rest import orphans
from tests.faults.campaign.evidence import Evidence
from tests.faults.campaign.run import Result


def report(result: Result) -> str:
    """Give the lines about one seed."""
    summary = (
        f"seed {result.seed}: {result.hits.total()} faults hit work under way in "
        f"{result.seconds / 60:.1f} minutes, {result.misses.total()} did not; {result.deaths} "
        f"processes died; at rest after {result.rest_seconds:.0f} s"
    )
    lines = [summary]
    if result.evidence is not None:
        lines += _figures(result.evidence)
    lines += [f"  missed: {kind}, {times} times" for kind, times in sorted(result.misses.items())]
    lines.append(f"{len(result.violations)} violations")
    lines += [f"  VIOLATION {words}" for words in result.violations[:50]]
    return "\n".join(lines)


def table(hits: Counter[str]) -> str:
    """Give how often each kind hit, over all seeds, as Markdown."""
    rows = [f"| {kind} | {times} |" for kind, times in sorted(hits.items())]
    return "\n".join(["| fault | hits |", "| --- | --- |", *rows])


def _figures(evidence: Evidence) -> Iterator[str]:
    outcomes = Counter(row["outcome"] for row in evidence.ledger)
    yield (
        f"  {evidence.accepted.total()} items accepted ({len(evidence.accepted)} different ones), "
        f"{evidence.posted.total()} sent; in the ledger {dict(sorted(outcomes.items()))}"
    )
    received = sum(len(messages) for messages in evidence.phones.values())
    yield (
        f"  {len(evidence.tickets)} tickets, {len(evidence.written)} messages written, "
        f"{len(evidence.answers)} answers, {len(evidence.files)} files, {received} received"
    )
    yield (
        f"  {resends(evidence).total()} resends of unknown, {repeated(evidence)} received again; "
        f"{len(orphans(evidence))} kept files of nobody; {len(evidence.dead_letters)} dead letters"
    )
    yield f"  {evidence.connected_before}, then {evidence.connected_after}"
    for service, after in sorted(evidence.after.items()):
        before = evidence.before[service]
        yield (
            f"  {service}: {before.descriptors} → {after.descriptors} descriptors, "
            f"{before.threads} → {after.threads} threads, "
            f"{before.memory >> 20} → {after.memory >> 20} MiB"
        )
