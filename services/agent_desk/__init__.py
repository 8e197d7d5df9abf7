"""The agents' API: read, answer, close, reopen, register."""
