-- Files that agents send: WhatsApp gets each of them before a sender takes its message.
-- depends: 0006_channel

-- Rather tried again than in everybody's way (`migrate`).
SET LOCAL lock_timeout = '2s';

-- A message in `uploading` waits for its file, and what is behind it waits, too. Senders of the
-- version before know nothing of it and leave it alone.
ALTER TABLE outbox DROP CONSTRAINT outbox_state_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_state_check
    CHECK (state IN ('queued', 'uploading', 'sending', 'unknown')) NOT VALID;
ALTER TABLE outbox VALIDATE CONSTRAINT outbox_state_check;

CREATE TABLE uploads (
    attachment_id   bigint PRIMARY KEY REFERENCES attachments,
    -- WhatsApp's id of the file, and since when it has it; it keeps it for thirty days.
    media_id        text COLLATE "C",
    uploaded_at     timestamptz,
    -- How often a sender claimed it: whoever was given up meanwhile changes nothing any more.
    attempts        integer NOT NULL DEFAULT 0,
    -- How often WhatsApp said of an id that it does not know it.
    renewals        integer NOT NULL DEFAULT 0,
    -- When it is due, or the newest claim is over; NULL: it is uploaded, or given up.
    next_attempt_at timestamptz,
    CHECK ((media_id IS NULL) = (uploaded_at IS NULL)),
    CHECK (media_id IS NULL OR next_attempt_at IS NULL)
);

CREATE INDEX uploads_due ON uploads (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

ANALYZE;
