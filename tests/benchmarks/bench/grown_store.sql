-- A database that has worked for two years: 5,000,000 messages in 500,000 tickets of 300,000
-- contacts, with keys as they really come: WhatsApp's second, the wamid with the citizen's number in
-- base64 and random digits, in the order of time.


SET synchronous_commit = off;

SET statement_timeout = 0;

-- Nobody looks on, and a row for each of these is no part of a grown store.
ALTER TABLE messages DISABLE TRIGGER USER;

ALTER TABLE tickets DISABLE TRIGGER USER;

INSERT INTO contacts (id, created_at, profile_name, named_at, last_inbound_at)
SELECT number + 1, now() - interval '2 years', 'Citizen ' || number, now() - interval '1 day',
       now() - interval '1 day'
FROM generate_series(0, 300000 - 1) AS number;

INSERT INTO contact_addresses (kind, value, match_key, contact_id, seen_at)
SELECT 'phone', phone, phone, number + 1, now() - interval '1 day'
FROM generate_series(0, 300000 - 1) AS number, lateral (
     SELECT '346' || lpad(number::text, 8, '0') AS phone) AS of_contact;

-- The newest ticket of each tenth contact is still open; all the others were closed.
INSERT INTO tickets (id, number, contact_id, channel, status, opened_at, closing_at,
                     closing_message_id, closes_at, closed_at, unread)
SELECT id, '2025-' || lpad(id::text, 6, '0'), (id - 1) % 300000 + 1, 'whatsapp',
       CASE WHEN open THEN 'open' ELSE 'closed' END, at,
       CASE WHEN NOT open THEN at + interval '1 hour' END, CASE WHEN NOT open THEN 1 END,
       CASE WHEN NOT open THEN date_trunc('second', at + interval '90 minutes') END,
       CASE WHEN NOT open THEN date_trunc('second', at + interval '90 minutes') END,
       CASE WHEN open AND id % 2 = 0 THEN 1 ELSE 0 END
FROM generate_series(1, 500000) AS id, lateral (
     SELECT id > 500000 - 300000 AND id % 10 = 0 AS open,
            now() - interval '2 years' * (1 - id / 500000.0) AS at) AS made;

INSERT INTO messages (ticket_id, direction, author, kind, purpose, text, sent_at, received_at,
                      event_key, wamid, delivery)
SELECT ticket_id, CASE WHEN inbound THEN 'inbound' ELSE 'outbound' END,
       CASE WHEN inbound THEN 'contact' ELSE 'ana' END, 'text', NULL,
       'Buenos días, no puedo firmar la solicitud ' || number, at, at,
       CASE WHEN inbound THEN extract(epoch FROM at)::bigint || ':' || wamid END, wamid,
       CASE WHEN NOT inbound THEN 'read' END
FROM generate_series(0, 5000000 - 1) AS number, lateral (
     SELECT number * 500000::bigint / 5000000 + 1 AS ticket_id, number % 2 = 0 AS inbound,
            date_trunc('second', now() - interval '2 years' * (1 - number / 5000000.0))
                AS at) AS placed, lateral (
     SELECT 'wamid.' || replace(encode(
         '\x1c180b'::bytea || ('346' || lpad(((ticket_id - 1) % 300000)::text, 8, '0'))::bytea
         || '\x150200121814'::bytea || upper(substr(md5(number::text), 1, 20))::bytea
         || '\x00'::bytea, 'base64'), E'\n', '') AS wamid) AS named;

-- Their raw JSON was purged long ago; the keys are kept.
INSERT INTO received_events (item_id, event_key, outcome, received_at, recorded_at, message_id)
SELECT overlay(overlay(gen_random_uuid()::text PLACING
           substr(stamp, 1, 8) || '-' || substr(stamp, 9, 4) FROM 1 FOR 13)
           PLACING '7' FROM 15 FOR 1)::uuid,
       event_key, 'stored', received_at, received_at, id
FROM messages, lateral (
     SELECT lpad(to_hex((extract(epoch FROM received_at) * 1000)::bigint), 12, '0') AS stamp) AS ms
WHERE direction = 'inbound' ORDER BY id;

ALTER TABLE messages ENABLE TRIGGER USER;

ALTER TABLE tickets ENABLE TRIGGER USER;

SELECT setval('contacts_id_seq', 300000), setval('tickets_id_seq', 500000);
