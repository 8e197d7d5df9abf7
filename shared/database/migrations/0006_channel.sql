-- The channel: whether WhatsApp takes messages, and at what pace they leave.
-- depends: 0005_templates

-- Rather tried again than in everybody's way (`migrate`).
SET LOCAL lock_timeout = '2s';

-- One row: what WhatsApp says of the number as a whole.
CREATE TABLE channel (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- Nothing is sent since then, but a single message from `probe_at` on.
    stopped_at      timestamptz,
    stop_code       integer,
    stop_status     integer,
    probe_at        timestamptz,
    -- In a row; they do not begin anew where the channel stops again soon after `resumed_at`.
    probes          integer NOT NULL DEFAULT 0,
    resumed_at      timestamptz,
    -- WhatsApp said that the number sends too fast (`shared.domain.pace.Throttle`).
    throttled_at    timestamptz,
    throttles       integer NOT NULL DEFAULT 0,
    throttled_share double precision,
    paused_until    timestamptz,
    CHECK ((stopped_at IS NULL) = (probe_at IS NULL))
);

INSERT INTO channel DEFAULT VALUES;

-- Paces may be forgotten, as after a crash of PostgreSQL: then WhatsApp slows us down, not we. For
-- that they cost no write-ahead log, and a sender that reserves slots waits for no disk.
CREATE UNLOGGED TABLE number_pace (
    only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    next_slot_at timestamptz NOT NULL
) WITH (fillfactor = 10);

CREATE UNLOGGED TABLE contact_paces (
    contact_id bigint PRIMARY KEY,
    began_at   timestamptz NOT NULL,
    messages   integer NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX contact_paces_age ON contact_paces (began_at);

-- How often a message was tried before it left the outbox: an attempt is never numbered twice.
ALTER TABLE messages ADD COLUMN send_attempts integer NOT NULL DEFAULT 0;
-- How often it was sent again because nobody knew whether it had gone (R17).
ALTER TABLE messages ADD COLUMN resends integer NOT NULL DEFAULT 0;
-- The wamids under which it failed; what statuses still say of them is about the past.
ALTER TABLE messages ADD COLUMN failed_wamids text[] NOT NULL DEFAULT '{}';

CREATE INDEX ticket_events_of_sending ON ticket_events (at) WHERE action IN ('resent', 'settled');

ANALYZE;
