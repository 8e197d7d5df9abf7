"""Columns without which a statement of every worker fails, as after a wrong migration."""

COLUMNS = (
    ("messages", "text"),
    ("status_traffic", "last_status_at"),
    ("outbox", "state"),
    ("attachments", "attempts"),
)
