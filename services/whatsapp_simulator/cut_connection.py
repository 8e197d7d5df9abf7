"""Cut the connection of a request, as a network or a host in trouble does."""

from aiohttp import web


def cut_connection(request: web.Request, *, after_what_was_sent: bool = False) -> web.Response:
    """Close the connection; what is answered then goes nowhere.

    With `after_what_was_sent` the client still gets what was written before.
    """
    if request.transport is not None:
        if after_what_was_sent:
            request.transport.close()
        else:
            request.transport.abort()
    return web.Response()
