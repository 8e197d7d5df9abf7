"""Send a message that has a file, by the id under which WhatsApp has it."""

from datetime import timedelta

from services.sender.take_messages import Taken
from shared.database.pool import AWAY, Pool
from shared.log import failure, log
from shared.whatsapp.error_codes import RETRY
from shared.whatsapp.send_message import GraphApi, NotUploaded, Outcome, OutgoingMedia, Refused

FILE_KINDS = frozenset({"image", "video", "audio", "document"})

# Meta keeps uploads for thirty days (Meta, media, 2025-11).
KEPT_BY_WHATSAPP = timedelta(days=29)
# "Parameter", "bad value" and "media upload": where an id is not known (any more), too.
_UNKNOWN_ID = frozenset({100, 131009, 131053})

FIND_UPLOAD = """
SELECT attachments.filename, uploads.renewals,
       CASE WHEN uploads.uploaded_at > clock_timestamp() - $2::interval
            THEN uploads.media_id END AS media_id
FROM attachments JOIN uploads ON uploads.attachment_id = attachments.id
WHERE attachments.message_id = $1
"""


async def send_file(pool: Pool, graph: GraphApi, taken: Taken) -> Outcome:
    """Send it, or say that its file must be uploaded (again) first; raises nothing of outside."""
    try:
        row = await pool.fetchrow(FIND_UPLOAD, taken.message_id, KEPT_BY_WHATSAPP)
    except AWAY as error:
        log.warning("sender.waiting", **failure(error))
        return Refused(RETRY, 0, None)  # certainly not sent
    if row is None or row["media_id"] is None:
        return NotUploaded()
    media = OutgoingMedia(taken.kind, row["media_id"], row["filename"], taken.text or None)
    outcome = await graph.send_media(taken.recipient, media, taken.message_id)
    if isinstance(outcome, Refused) and outcome.code in _UNKNOWN_ID and row["renewals"] == 0:
        return NotUploaded(is_refused=True)
    return outcome
