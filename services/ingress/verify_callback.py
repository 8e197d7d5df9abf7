"""Prove to Meta that this address is ours, when the callback URL is set."""

import hmac

from aiohttp import web

from shared.log import log


class VerifyCallback:
    """Answers `GET /webhook` (Meta, create-webhook-endpoint)."""

    def __init__(self, verify_token: str) -> None:
        self._verify_token = verify_token.encode()

    async def answer(self, request: web.Request) -> web.Response:
        """Repeat the bare challenge if the token is right; 403 otherwise."""
        token = request.query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
        right = hmac.compare_digest(token, self._verify_token)
        challenge = request.query.get("hub.challenge", "")
        if not right or request.query.get("hub.mode") != "subscribe" or not challenge:
            log.warning("webhook.rejected", reason="wrong verification request", status=403)
            return web.Response(status=403, text="wrong verification request")
        log.info("webhook.verified")
        return web.Response(text=challenge)
