-- What WhatsApp is to be told: that an agent has opened what a contact wrote.
-- depends: 0006_channel

-- Rather tried again than in everybody's way (`migrate`): a reference stops writers for a moment.
SET LOCAL lock_timeout = '2s';

-- One row for each contact: the newest message that an agent has opened. With it WhatsApp marks
-- those before it as read, too, so nothing older is ever to be marked. A row outlives its mark,
-- as what nothing older may follow, until the message is too old for one (30 days).
CREATE TABLE read_marks (
    contact_id bigint PRIMARY KEY REFERENCES contacts,
    message_id bigint NOT NULL REFERENCES messages ON DELETE CASCADE,
    -- WhatsApp's second of the message.
    sent_at    timestamptz NOT NULL,
    -- When the mark is sent, or sent again if its sender dies; NULL: it was sent, or given up.
    due_at     timestamptz,
    attempts   integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX read_marks_due ON read_marks (due_at) WHERE due_at IS NOT NULL;
-- Messages are deleted too (a closing that was taken back); that must not read the whole table.
CREATE INDEX read_marks_of_message ON read_marks (message_id);
CREATE INDEX read_marks_age ON read_marks (sent_at);

ANALYZE;
