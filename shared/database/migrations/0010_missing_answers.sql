-- How often Meta answered that it does not know a file. Attempts alone count also the times when
-- something else was away, and a file is not given up for those.
-- depends: 0009_unnamed_bytes

ALTER TABLE attachments ADD COLUMN missing_answers integer NOT NULL DEFAULT 0;

ANALYZE;
