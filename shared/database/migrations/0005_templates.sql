-- Messages that may only leave as a template, because the 24-hour window is closed (R16).
-- depends: 0003_identities 0004_operations

-- Rather tried again than in everybody's way (`migrate`).
SET LOCAL lock_timeout = '2s';

ALTER TABLE messages ADD COLUMN as_template boolean NOT NULL DEFAULT false;

ANALYZE;
