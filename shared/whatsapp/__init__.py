"""Meta's WhatsApp Business Platform: how its webhooks are read and how a message is sent."""
