-- What the campaign's database notes for the auditor: moments that the tables themselves forget.

CREATE TABLE witnessed_messages (
    message_id bigint, ticket_id bigint, status text, closes_at timestamptz,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION witness_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witnessed_messages (message_id, ticket_id, status, closes_at)
    SELECT NEW.id, id, status, closes_at FROM tickets WHERE id = NEW.ticket_id;
    RETURN NULL;
END $$;

CREATE TRIGGER witness AFTER INSERT ON messages FOR EACH ROW EXECUTE FUNCTION witness_message();

CREATE TABLE witnessed_tickets (
    ticket_id bigint, status text, closes_at timestamptz, not_closed bigint,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION witness_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witnessed_tickets (ticket_id, status, closes_at, not_closed)
    SELECT NEW.id, NEW.status, NEW.closes_at, count(*) FROM tickets
    WHERE contact_id = NEW.contact_id AND channel = 'whatsapp' AND status <> 'closed';
    RETURN NULL;
END $$;

CREATE TRIGGER witness_new AFTER INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION witness_ticket();
CREATE TRIGGER witness_changed AFTER UPDATE OF status ON tickets
    FOR EACH ROW EXECUTE FUNCTION witness_ticket();

CREATE TABLE witnessed_sends (
    message_id bigint, attempt integer, at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION witness_send() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witnessed_sends (message_id, attempt) VALUES (NEW.message_id, NEW.attempts);
    RETURN NULL;
END $$;

CREATE TRIGGER witness AFTER UPDATE ON outbox FOR EACH ROW
    WHEN (NEW.state = 'sending' AND OLD.state <> 'sending') EXECUTE FUNCTION witness_send();

CREATE TABLE witnessed_files (
    attachment_id bigint, state text, at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION witness_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witnessed_files (attachment_id, state) VALUES (NEW.id, NEW.state);
    RETURN NULL;
END $$;

CREATE TRIGGER witness AFTER UPDATE OF state ON attachments FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION witness_file();
