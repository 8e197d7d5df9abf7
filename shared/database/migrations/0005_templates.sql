-- Messages that may only leave as a template, because the 24-hour window is closed (R16).
-- depends: 0003_identities 0004_operations

ALTER TABLE messages ADD COLUMN as_template boolean NOT NULL DEFAULT false;

ANALYZE;
