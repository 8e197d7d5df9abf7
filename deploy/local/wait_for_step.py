"""The wait for the next step of a conversation, which must come within a bounded time."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from deploy.local.errors import RunError

STEP_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.1

ResultT = TypeVar("ResultT")


class StepMissingError(RunError):
    """A step of the conversation did not come; the message says which."""


def wait_for_step(
    step: str, look: Callable[[], ResultT | None], seconds: float = STEP_SECONDS
) -> ResultT:
    """Look until it gives something; after `seconds` raise StepMissingError."""
    retrying = Retrying(
        retry=retry_if_result(lambda seen: seen is None),
        stop=stop_after_delay(seconds),
        wait=wait_fixed(LOOK_EVERY_SECONDS),
    )
    try:
        seen = retrying(look)
    except RetryError:
        seen = None
    if seen is None:
        raise StepMissingError(
            f"within {seconds:.0f} s this did not come: {step}; the logs of the services say more"
        )
    return seen
