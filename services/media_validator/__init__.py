"""Fetches the files that contacts send, proves what they are, and keeps or refuses them.

RabbitMQ only hints that a file waits. Its row says all the rest: a worker claims it for a while,
acknowledges the hint, and answers for the row; whatever nobody answered for is due again.
"""
