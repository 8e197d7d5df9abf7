"""Read a moment that an operator typed."""

import argparse
from datetime import UTC, datetime


def read_time(text: str) -> datetime:
    """Read RFC 3339, also without the time; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a time such as 2026-11-23T10:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
