"""What ends a command with one line for the person who called it."""


class CommandFailedError(Exception):
    """A command could not do all that it was asked for; the words hold nothing personal."""
