"""Hint to the validators that files wait for them."""

import asyncio
from collections.abc import Sequence

from shared.broker.publish import Publisher
from shared.broker.topology import MEDIA_VALIDATOR
from shared.errors import OutsideAwayError
from shared.events import AttachmentReceived, encode_event
from shared.log import log


async def publish_attachments(
    publisher: Publisher, attachments: Sequence[AttachmentReceived]
) -> None:
    """Publish one by one, after the transaction that wrote their rows.

    What RabbitMQ does not confirm is only said: the due time in each row brings it again.
    """
    answers = await asyncio.gather(
        *(
            publisher.publish(MEDIA_VALIDATOR, [encode_event(one)], one.trace_id)
            for one in attachments
        ),
        return_exceptions=True,
    )
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    if failed:
        log.warning("attachments.not_published", attachments=len(failed))
    for error in failed:
        if not isinstance(error, OutsideAwayError):
            raise error
