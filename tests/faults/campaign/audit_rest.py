"""All work is done: queues, files, logs, and what the processes hold of the machine."""

import hashlib
from collections import Counter
from collections.abc import Iterator

from tests.faults.campaign.citizens import MARK
from tests.faults.campaign.evidence import Evidence
from tests.faults.campaign.resources import MOST_BACKENDS

MOST_NEW_DESCRIPTORS = 12
MOST_NEW_THREADS = 8
MOST_NEW_MEMORY = 40 * 2**20


def audit_queues(evidence: Evidence) -> Iterator[str]:
    """Give what still waits, and dead letters that are not exactly the poison."""
    for queue, length in evidence.queues.items():
        if length and not queue.endswith(".dead"):
            yield f"{length} messages wait in {queue}"
    deadly = {one.wamid for one in evidence.written if one.is_deadly}
    buried = set(evidence.dead_letters)
    for wamid in buried - deadly:
        yield f"buried, and harmless: {wamid}"
    for wamid in deadly - buried:
        yield f"deadly, and not buried: {wamid}"


def audit_files(evidence: Evidence) -> Iterator[str]:
    """Give files with a wrong end, and kept bytes that are not those that were sent (R11)."""
    sent = {one.wamid: one for one in evidence.written if one.verdict is not None}
    found = Counter(file["wamid"] for file in evidence.files)
    for wamid in sent.keys() | found.keys():
        if found[wamid] != 1 or wamid not in sent:
            yield f"{found[wamid]} files of {wamid}"
    for file in evidence.files:
        one = sent.get(file["wamid"])
        if one is None:
            continue
        told = file["format"] if file["state"] == "accepted" else file["reason"]
        if file["state"] == "pending" or told != one.verdict:
            yield f"file {file['id']} ended as {file['state']}, {told}; it is {one.verdict}"
        elif file["state"] == "accepted":
            size = evidence.stored.get(file["storage_key"])
            if (
                size != len(one.content)
                or file["sha256"] != hashlib.sha256(one.content).hexdigest()
            ):
                yield f"file {file['id']} is not kept as it was sent"
        elif file["storage_key"] is not None:
            yield f"file {file['id']} was not taken and is kept"
    for key in orphans(evidence) - {row["bytes_key"] for row in evidence.unnamed}:
        yield f"bytes {key} belong to no file, and nobody will erase them"


def orphans(evidence: Evidence) -> set[str]:
    """Give kept bytes that belong to no file: their validator was killed before it said so."""
    return evidence.stored.keys() - {file["storage_key"] for file in evidence.files}


def audit_logs(evidence: Evidence) -> Iterator[str]:
    """Give logs that say who somebody is or what was written, or have a line of no catalogue."""
    secrets = {b"wamid.", MARK.encode()}
    secrets |= {one.phone.encode() for one in evidence.written}
    secrets |= {
        address["value"].encode() for address in evidence.addresses if address["kind"] == "user_id"
    }
    secrets |= {f"Persona {one.phone[-4:]}".encode() for one in evidence.written}
    for path in evidence.logs:
        log = path.read_bytes()
        for secret in secrets:
            if secret in log:
                yield f"{path.name} says {secret!r}"
        if b'"dropped"' in log:
            yield f"{path.name} has a line with a field of no catalogue"
        if b"Traceback (most recent" in log:
            yield f"{path.name} has a traceback beside its lines"


def audit_growth(evidence: Evidence) -> Iterator[str]:
    """Give services that hold more of the machine than before the faults."""
    for service, after in evidence.after.items():
        before = evidence.before[service]
        if after.descriptors > before.descriptors + MOST_NEW_DESCRIPTORS:
            yield f"{service}: {before.descriptors} descriptors, then {after.descriptors}"
        if after.threads > before.threads + MOST_NEW_THREADS:
            yield f"{service}: {before.threads} threads, then {after.threads}"
        if after.memory > before.memory + MOST_NEW_MEMORY:
            yield f"{service}: {before.memory >> 20} MiB, then {after.memory >> 20}"
    for what, count in evidence.connected_after.items():
        most = MOST_BACKENDS if what.startswith("PostgreSQL") else evidence.connected_before[what]
        if count > most:
            yield f"{count} {what}, {most} at the most are ours to have"
