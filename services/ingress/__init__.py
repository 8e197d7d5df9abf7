"""Takes WhatsApp's webhooks and answers 200 only when RabbitMQ has confirmed every item."""
