"""The rules of read marks."""

from datetime import timedelta

# What is older cannot be marked any more (Meta, mark messages as read).
OLDEST_TO_MARK = timedelta(days=30)
