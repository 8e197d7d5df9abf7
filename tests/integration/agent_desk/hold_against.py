"""Hold an OpenAPI document against a running API: schemathesis, with what it found as text."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import schemathesis
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder

from tests.system import ADMIN_TOKEN

# Once it is over nothing more is generated: the tests say how many cases are enough.
SECONDS = 120


@dataclass
class Findings:
    """What was wrong, and how often each operation answered with each status."""

    wrong: set[str] = field(default_factory=set)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    def statuses_of(self, operation: str) -> set[int]:
        return {status for label, status in self.answers if label == operation}

    def cases_of(self, operation: str) -> int:
        return sum(count for (label, _), count in self.answers.items() if label == operation)


def hold_against(document: Mapping[str, Any], url: str, *, examples: int) -> Findings:
    """Try every operation but the endless stream, so many generated cases for each phase."""
    config = schemathesis.Config.from_dict(
        {
            "base-url": url,
            "seed": 2026,
            "workers": 1,
            "continue-on-failure": True,
            "auth": {"openapi": {"bearer": {"bearer": ADMIN_TOKEN}}},
            "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
            # What JSON Schema cannot say of a text, or of a cursor, gets 422 or 400.
            "checks": {
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "400", "401", "404", "409", "422"]
                }
            },
        }
    )
    whole = schemathesis.openapi.from_dict(_strict(document), config=config)
    # The stream's answer never ends; test_event_stream.py tries it.
    schema = whole.exclude(path="/api/v1/events")
    findings = Findings()
    end = monotonic() + SECONDS
    events = from_schema(schema).execute()
    for event in events:
        if isinstance(event, ScenarioFinished):
            _collect(event.recorder, findings)
        elif isinstance(event, FatalError | NonFatalError):
            findings.wrong.add(repr(event))
        if monotonic() > end:
            events.stop()
    return findings


def _strict(document: Mapping[str, Any]) -> dict[str, Any]:
    """Forbid what the document does not name; clients are told to expect more fields one day."""
    schemas = {
        name: {**schema, "additionalProperties": False}
        for name, schema in document["components"]["schemas"].items()
    }
    return {**document, "components": {**document["components"], "schemas": schemas}}


def _collect(recorder: ScenarioRecorder, findings: Findings) -> None:
    for case_id, interaction in recorder.interactions.items():
        if interaction.response is not None:
            label = recorder.cases[case_id].value.operation.label
            findings.answers[label, interaction.response.status_code] += 1
    for checks in recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                info = check.failure_info
                findings.wrong.add(f"{check.name}: {info.failure}\n{info.code_sample}")
