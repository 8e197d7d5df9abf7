"""The documented errors of the Cloud API as a table, and the body in which Meta gives one."""

import random
from base64 import urlsafe_b64encode
from http import HTTPStatus

from services.whatsapp_simulator.webhook_value import Json

# Code → HTTP status and title (Meta, error codes, 2025-11-19 and 2026-05-15). Throttling is 400.
# Where the documents name no status it is 400, like that of every other error of its kind. Titles
# are not all Meta's words: Meta asks that nobody builds on them.
ERRORS: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (400, "API Unknown"),
    2: (503, "API Service"),
    3: (500, "API Method"),
    4: (400, "API Too Many Calls"),
    10: (403, "Permission Denied"),
    33: (400, "Parameter value is not valid"),
    100: (400, "Invalid parameter"),
    190: (401, "Access token has expired"),
    **dict.fromkeys(range(200, 300), (403, "API Permission")),
    368: (403, "Temporarily blocked for policies violations"),
    80007: (400, "Rate limit issues"),
    130429: (400, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users in this country"),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Account has been locked"),
    131037: (400, "Display name approval is needed"),
    131042: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "Meta chose not to deliver"),
    131050: (400, "User has stopped marketing messages"),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    131062: (400, "Business-scoped user id is not supported for this message"),
    131064: (400, "Messaging limit reduced after template violations"),
    131208: (429, "Group rate limit hit"),
    132000: (400, "Template param count mismatch"),
    132001: (404, "Template does not exist"),
    132005: (400, "Template hydrated text too long"),
    132007: (400, "Template format character policy violated"),
    132012: (400, "Template parameter format mismatch"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    132018: (400, "Template parameters are not valid"),
    132068: (400, "Flow is blocked"),
    132069: (400, "Flow is throttled"),
    133000: (500, "Incomplete deregistration"),
    133004: (503, "Server temporarily unavailable"),
    133005: (400, "Two step verification PIN mismatch"),
    133006: (400, "Phone number re-verification needed"),
    133008: (400, "Too many two step verification PIN guesses"),
    133009: (400, "Two step verification PIN guessed too fast"),
    133010: (400, "Phone number not registered"),
    133015: (400, "Please wait before registering this phone number"),
    133016: (400, "Account register deregister rate limit exceeded"),
    134011: (400, "Payments terms of service not accepted"),
    135000: (400, "Generic user error"),
    137000: (400, "Recipient identity key hash mismatch"),
}


class GraphError(Exception):
    """Meta refuses a request, with one of the documented codes and words of its own."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        title: str = "",
        unknown_object: str = "",
        method: str = "POST",
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status, usual_title = ERRORS[code]
        self.title = title or usual_title
        self.details = details or self.title
        self.unknown_object = unknown_object
        self.method = method

    def body(self, ids: random.Random) -> Json:
        """Give the answer's JSON; `fbtrace_id` is new each time."""
        trace = "A" + urlsafe_b64encode(ids.randbytes(16)).decode().rstrip("=")
        return {"error": {**self._words(), "code": self.code, "fbtrace_id": trace}}

    def _words(self) -> Json:
        if self.unknown_object:
            # The Graph itself answers before WhatsApp does, in its own shape.
            text = (
                f"Unsupported {self.method.lower()} request. Object with ID '{self.unknown_object}'"
                " does not exist, cannot be loaded due to missing permissions, or does not support"
                " this operation."
            )
            return {"message": text, "type": "GraphMethodException", "error_subcode": 33}
        if self.status == HTTPStatus.UNAUTHORIZED:
            text = "Invalid OAuth access token - Cannot parse access token"
            return {"message": text, "type": "OAuthException"}
        return {
            "message": f"(#{self.code}) {self.title}",
            "type": "OAuthException",
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
        }
