"""The rules of tickets, pure: time, ids and randomness come in as arguments."""
