"""Tell whether a webhook comes from Meta."""

import hmac
import re
from collections.abc import Sequence

_HEADER = re.compile(r"sha256=([0-9a-f]{64})")


def verify_signature(body: bytes, header: str | None, app_secrets: Sequence[str]) -> bool:
    """Compare `X-Hub-Signature-256` with the HMAC-SHA256 of the exact bytes (Meta, webhooks).

    Several secrets may be valid while one is being rotated; all are tried in any case, so that
    the time it takes does not say which one matched.
    """
    match = _HEADER.fullmatch(header or "")
    if match is None:
        return False
    given = match[1]
    matches = [
        hmac.compare_digest(hmac.digest(secret.encode(), body, "sha256").hex(), given)
        for secret in app_secrets
    ]
    return any(matches)
