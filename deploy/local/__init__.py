"""A PostgreSQL and a RabbitMQ for `make run` and `make test`; it imports nothing but the stdlib."""
