"""The three ways in which work fails; every error that is handled anywhere is one of them."""


class OutsideAwayError(Exception):
    """The database, the broker or WhatsApp does not answer: wait, and lose nothing meanwhile."""


class TryAgainError(Exception):
    """A race was lost to another worker: the same work, done again, will meet the winner's rows."""


class NeverWorksError(Exception):
    """This one event can never be handled; the reason travels with it to the dead letters."""
