"""RabbitMQ: the queues, a publisher that knows what was stored, a consumer that loses nothing."""
