"""Every event that is logged, with the fields that its line may have.

No field ever holds a telephone number, a name, a text or a raw wamid.
"""

from collections.abc import Mapping

COMMON = frozenset({"event", "level", "timestamp", "service", "pid", "trace_id"})

_FAILURE = {"error", "where", "sqlstate"}

# One entry for each event: the fields that its line may have beside the common ones.
CATALOGUE: Mapping[str, frozenset[str]] = {
    event: frozenset(fields)
    for event, fields in {
        # every process
        "service.started": set[str](),
        "service.stopping": {"signal"},
        "service.stopped": {"took_ms"},
        "service.crashed": _FAILURE,
        "service.drain_timeout": {"seconds"},
        "configuration.invalid": {"reason"},
        "http.listening": {"port"},
        "request.refused": {"method", "status", *_FAILURE},
        "request.failed": {"method", *_FAILURE},
        "library.warning": {"logger", "template", *_FAILURE},
        # PostgreSQL
        "database.unavailable": set(_FAILURE),
        "database.answers": set[str](),
        # RabbitMQ
        "amqp.connected": {"purpose"},
        "amqp.lost": {"purpose", *_FAILURE},
        "amqp.unavailable": {"purpose", "attempt", *_FAILURE},
        "amqp.queue_differs": {"queue", "reason"},
        "amqp.consumer_cancelled": {"queue"},
        "publish.failed": {"queue", "events", *_FAILURE},
        # workers
        "worker.consuming": {"queue", "prefetch"},
        "worker.waiting": {"queue", "events", "attempt", *_FAILURE},
        "worker.resumed": {"queue", "waited_ms"},
        "worker.gave_back": {"queue", "deliveries"},
        "worker.suspended": {"queue", "failures_in_a_row"},
        "batch.committed": {"queue", "events", "deliveries", "took_ms"},
        "batch.halved": {"queue", "events", *_FAILURE},
        "batch.raced": {"queue", "events", "constraint"},
        "envelope.taken_apart": {"queue", "events", "delivery_count"},
        "event.dead_lettered": {"queue", "reason", "item_id", "delivery_count", *_FAILURE},
        "event.not_recorded": {"queue", "item_id", *_FAILURE},
        # ingress
        "webhook.accepted": {"items", "messages", "statuses", "others", "took_ms"},
        "webhook.rejected": {"reason", "status"},
        "webhook.unavailable": {"items", "took_ms", *_FAILURE},
        "webhook.verified": set[str](),
        # tickets
        "contact.created": {"contact_id"},
        "contact.changed": {"contact_id"},
        "contact.conflict": {"contact_id", "other_id"},
        "contact.merged": {"contact_id", "other_id", "by"},
        "contact.unmerged": {"contact_id", "other_id", "by"},
        "ticket.opened": {"ticket", "contact_id", "previous", "channel"},
        "ticket.closing": {"ticket", "agent", "closes_at"},
        "ticket.closing_taken": {"ticket", "closes_at"},
        "ticket.reopened": {"ticket", "agent", "told"},
        "ticket.closed": {"ticket", "closed_at", "by"},
        "ticket.merged": {"ticket", "into"},
        "ticket.files_deleted": {"ticket_id", "files"},
        "ticket.read": {"ticket", "agent", "messages"},
        "message.queued": {"ticket_id", "message_id", "purpose"},
        "message.marked": {"message_id"},
        "platform.notice": {"item_id", "field", "code"},
        "delivery.changed": {"message_id", "state"},
        "delivery.failed": {"message_id", "code"},
        "delivery.retry": {"message_id", "code", "due_in_ms"},
        "status.matched": {"item_id", "message_id"},
        "item.recorded": {"item_id", "event_hash", "outcome", "reason", "message_id"},
        # files
        "attachment.pending": {"attachment_id", "message_id"},
        "attachment.accepted": {"attachment_id", "format", "size", "attempt", "took_ms"},
        "attachment.refused": {"attachment_id", "reason", "attempt", "took_ms"},
        "attachment.unavailable": {"attachment_id", "reason", "attempt"},
        "attachment.retry": {"attachment_id", "attempt", "due_in_ms", "status", *_FAILURE},
        "attachment.malware": {"attachment_id", "signature"},
        "attachment.claim_lost": {"attachment_id", "attempt"},
        "attachment.hash_differs": {"attachment_id"},
        "attachment.released": {"attachment_id", "attempt"},
        "attachments.not_published": {"attachments"},
        "media.prover_ended": {"attempt", "status"},
        "antivirus.unavailable": set(_FAILURE),
        "antivirus.answers": set[str](),
        "antivirus.no_verdict": {"size", "reason"},
        # sender
        "send.accepted": {"message_id", "attempt", "took_ms"},
        "send.retry": {"message_id", "attempt", "code", "status", "due_in_ms"},
        "send.undeliverable": {"message_id", "purpose"},
        "send.window_closed": {"message_id", "purpose"},
        "send.failed": {"message_id", "attempt", "code", "status"},
        "send.given_up": {"message_id", "attempt"},
        "send.held_back": {"message_id", "due_in_ms"},
        "send.unknown": {"message_id", "attempt", *_FAILURE},
        "send.settled": {"message_id", "state"},
        "send.resend": {"message_id", "attempt"},
        "send.lease_over": {"message_id"},
        "send.not_recorded": {"message_id", *_FAILURE},
        "upload.done": {"attachment_id", "message_id", "attempt", "size", "took_ms"},
        "upload.failed": {"attachment_id", "message_id", "attempt", "code", "status"},
        "upload.retry": {
            "attachment_id", "attempt", "code", "status", "due_in_ms", *_FAILURE,
        },
        "upload.anew": {"message_id", "attempt"},
        "upload.claim_lost": {"attachment_id", "attempt"},
        "upload.released": {"attachment_id", "attempt"},
        "channel.stopped": {"code", "status", "due_in_ms"},
        "channel.still_stopped": {"code", "status", "due_in_ms"},
        "channel.resumed": {"by", "stopped_ms"},
        "channel.slowed": {"code", "due_in_ms", "share"},
        "read_mark.queued": {"message_id"},
        "read_mark.sent": {"message_id", "attempt", "took_ms"},
        "read_mark.retry": {"message_id", "attempt", "code", "status", "due_in_ms"},
        "read_mark.dropped": {"message_id", "attempt", "code", "status"},
        "read_mark.too_old": {"message_id"},
        "listen.unavailable": set(_FAILURE),
        "sender.waiting": set(_FAILURE),
        # scheduler
        "scheduler.done": {"chore", "rows", "took_ms"},
        "scheduler.waiting": {"chore", *_FAILURE},
        # desk
        "attachment.downloaded": {"attachment_id", "agent", "whole", "took_ms"},
        "attachment.broken_off": {"attachment_id", *_FAILURE},
        "stream.opened": {"agent", "resumed", "reset"},
        "stream.closed": {"agent", "took_ms"},
        "stream.broken_off": set(_FAILURE),
        "stream.unavailable": set(_FAILURE),
        # simulator
        "simulator.message_written": set(),
        "simulator.message_accepted": {"kind", "delivered"},
        "simulator.marked_read": {"messages"},
        "simulator.request_refused": {"code", "status"},
        "simulator.media_uploaded": {"bytes"},
        "simulator.media_streamed": {"bytes", "cut"},
        "simulator.media_refused": {"status"},
        "simulator.webhook_delivered": {"attempt"},
        "simulator.webhook_refused": {"attempt", "status"},
        "simulator.behaviour_changed": set(),
        # operations
        "migration.applied": {"migration"},
        "migration.current": {"migrations"},
    }.items()
}  # fmt: skip
