"""Attaches each message to its contact's open ticket or opens one, and records all the rest."""
