"""Sends what waits in the outbox to WhatsApp, in order for each contact."""
