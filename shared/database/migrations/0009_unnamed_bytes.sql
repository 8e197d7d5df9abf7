-- Bytes in the media store that no file has, or has no more; and files whose bytes are gone.
-- depends: 0008_read_marks

-- Rather tried again than in everybody's way (`migrate`).
SET LOCAL lock_timeout = '2s';

-- Written before bytes are stored, and taken away when a file has them: so whatever dies in between,
-- the bytes are known. The store itself is never asked what it holds.
CREATE TABLE unnamed_bytes (
    bytes_key text COLLATE "C" PRIMARY KEY,
    -- Until then whoever stores them may still give them to a file.
    erase_at  timestamptz NOT NULL,
    -- From then on nobody may, though they may be there still.
    erasing   boolean NOT NULL DEFAULT false
);

CREATE INDEX unnamed_bytes_due ON unnamed_bytes (erase_at);

-- Since when an accepted file has no bytes any more; all else that is known of it stays.
ALTER TABLE attachments ADD COLUMN bytes_deleted_at timestamptz;
ALTER TABLE attachments ADD CONSTRAINT attachments_have_bytes_or_had
    CHECK (bytes_deleted_at IS NULL OR (state = 'accepted' AND storage_key IS NULL)) NOT VALID;
ALTER TABLE attachments VALIDATE CONSTRAINT attachments_have_bytes_or_had;

CREATE INDEX attachments_with_bytes ON attachments (id) WHERE storage_key IS NOT NULL;

ANALYZE;
