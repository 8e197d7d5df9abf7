"""Why a run cannot go on; each message says what to do about it, or where to look."""


class RunError(Exception):
    """A run cannot go on."""


class LocalServersError(RunError):
    """The servers that `make run` and `make test` need cannot be had."""


class NamedServerError(LocalServersError):
    """A server named in the environment does not answer, or its address cannot be read."""


class NoServerError(LocalServersError):
    """None of the ways to a server is open on this machine."""


class InstallationError(LocalServersError):
    """The packages could not be installed."""


class GuardianLostError(LocalServersError):
    """The process that looks after the servers has ended before its time."""


class ServerDidNotStart(LocalServersError):  # noqa: N818  reads as the sentence it is
    """A server was started and does not answer; the message ends with the tail of its log."""
