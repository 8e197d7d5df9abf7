"""Write a webhook's bytes as Meta does, and sign them."""

import hmac
import json

from services.whatsapp_simulator.webhook_value import Json


def write_body(webhook: Json) -> bytes:
    r"""Give JSON with non-ASCII as \uXXXX and the slash as \/.

    So re-serialised JSON does not have the same signature (tawn33y/whatsapp-cloud-api #60).
    """
    return json.dumps(webhook, separators=(",", ":")).replace("/", "\\/").encode()


def sign_body(body: bytes, app_secret: str) -> str:
    """Give the value of X-Hub-Signature-256 (Meta, create a webhook endpoint, 2025-11)."""
    return "sha256=" + hmac.digest(app_secret.encode(), body, "sha256").hex()
