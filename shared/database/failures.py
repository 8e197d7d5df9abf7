"""What an error from PostgreSQL means for the work that met it."""

import asyncpg

from shared.errors import NeverWorksError, OutsideAwayError, TryAgainError

# Two workers may meet in a unique index; the loser does its work again and finds the winner's row.
_RACED_CONSTRAINTS = frozenset(
    {
        "contact_addresses_pkey",
        "contact_addresses_match",
        "tickets_one_open",
        "received_events_once",
        "received_events_pkey",
        "messages_event_key_key",
    }
)
_RACED_STATES = frozenset({"40001", "40P01"})  # serialization failure, deadlock
# The data of the event itself: numeric overflow, bad encoding (22), a broken constraint (23).
_EVENT_CLASSES = frozenset({"22", "23"})


def judge_failure(error: Exception) -> Exception:
    """Translate into `TryAgainError`, `NeverWorksError` or `OutsideAwayError`.

    A statement that no event can pass (a column is missing) belongs to the system and is waited
    for. An error of our own code is laid to the event: alone it goes to the dead letters, and a
    worker for whom ten in a row fail concludes that it is not the events.
    """
    if isinstance(error, TryAgainError | NeverWorksError | OutsideAwayError):
        return error
    if isinstance(error, asyncpg.PostgresError):
        return _judge_sqlstate(error)
    # InternalClientError: a connection that the server ended in the middle of an answer.
    if isinstance(error, asyncpg.InternalClientError) or (
        isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError)
    ):
        return OutsideAwayError("the connection to the database is not usable")
    if isinstance(error, OSError | TimeoutError):
        return OutsideAwayError("the database does not answer")
    return NeverWorksError(type(error).__name__)


def _judge_sqlstate(error: asyncpg.PostgresError) -> Exception:
    state = error.sqlstate or ""
    if state in _RACED_STATES:
        return TryAgainError(state)
    if isinstance(error, asyncpg.UniqueViolationError):
        if error.constraint_name in _RACED_CONSTRAINTS:
            return TryAgainError(str(error.constraint_name))
        return NeverWorksError(f"constraint {error.constraint_name}")
    if state[:2] in _EVENT_CLASSES:
        return NeverWorksError(f"sqlstate {state}")
    return OutsideAwayError(f"sqlstate {state}")
