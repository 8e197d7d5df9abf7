"""Errors as problem details (RFC 9457), and the last net under every handler."""

from http import HTTPStatus

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from services.agent_desk.answers import ProblemDetails
from shared.database.pool import AWAY
from shared.errors import OutsideAwayError
from shared.log import failure, log


class Problem(Exception):  # noqa: N818  the term of RFC 9457
    """A request that cannot be done, told to whoever asked."""

    def __init__(self, status: int, detail: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure as a problem with one log line, and never with a traceback."""
    try:
        return await handler(request)
    except Problem as problem:
        return _refuse(request, problem)
    except web.HTTPException as answer:
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise
        allow = {"Allow": answer.headers["Allow"]} if "Allow" in answer.headers else {}
        return _refuse(request, Problem(answer.status, answer.reason, headers=allow))
    except AWAY as error:
        log.error("request.failed", method=request.method, **failure(error))
        return _answer(
            Problem(
                503, "The database does not answer, or took too long.", headers={"Retry-After": "5"}
            )
        )
    except OutsideAwayError as error:
        log.error("request.failed", method=request.method, **failure(error.__cause__ or error))
        return _answer(
            Problem(503, "The media store does not answer.", headers={"Retry-After": "5"})
        )
    except Exception as error:  # noqa: BLE001  the last place where it can be told
        log.error("request.failed", method=request.method, **failure(error))
        return _answer(Problem(500, "This is our mistake; it is in the log."))


def _refuse(request: web.Request, problem: Problem) -> web.Response:
    log.warning("request.refused", method=request.method, status=problem.status)
    return _answer(problem)


def _answer(problem: Problem) -> web.Response:
    status = HTTPStatus(problem.status)
    return web.Response(
        body=msgspec.json.encode(ProblemDetails(status.phrase, status, problem.detail)),
        status=problem.status,
        headers=problem.headers,
        content_type="application/problem+json",
    )
