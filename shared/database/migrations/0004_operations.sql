-- The ledger by time, for whoever replays, audits and purges it.
-- depends: 0002_attachments

-- Two, so that what has its raw JSON is found however much has not; each row is in one of them.
CREATE INDEX received_events_with_raw ON received_events (received_at) WHERE raw IS NOT NULL;
CREATE INDEX received_events_without_raw ON received_events (received_at) WHERE raw IS NULL;

ANALYZE;
