"""The media that Meta keeps: what citizens sent and what the desk uploaded, until it is dropped."""

import random
from base64 import urlsafe_b64encode
from hashlib import sha256

import msgspec

ID_DIGITS = 15


class Medium(msgspec.Struct, frozen=True, kw_only=True):
    """One file; its type is what the sender's client declared, true or not."""

    id: str
    content: bytes
    mime_type: str
    sha256: bytes
    filename: str | None
    made_at: float
    """Unix seconds."""


class _Link(msgspec.Struct, frozen=True):
    media_id: str
    ends_at: float


class Media:
    """Every medium by its id (digits), and the links under which bytes can be had for a while."""

    def __init__(self, ids: random.Random) -> None:
        self._ids = ids
        self._media: dict[str, Medium] = {}
        self._links: dict[str, _Link] = {}
        # Fifty citizens who send the same big file do not need it fifty times in memory.
        self._contents: dict[bytes, bytes] = {}

    def keep(self, content: bytes, mime_type: str, filename: str | None, now: float) -> Medium:
        """Keep a file under a new id."""
        digest = sha256(content).digest()
        medium = Medium(
            id=str(self._ids.randrange(10 ** (ID_DIGITS - 1), 10**ID_DIGITS)),
            content=self._contents.setdefault(digest, content),
            mime_type=mime_type,
            sha256=digest,
            filename=filename,
            made_at=now,
        )
        self._media[medium.id] = medium
        return medium

    def find(self, media_id: str) -> Medium | None:
        """Give the medium with this id, None if it is unknown or was dropped."""
        return self._media.get(media_id)

    def delete(self, media_id: str) -> bool:
        """Drop one medium, and with it what its links lead to; tell whether it was there."""
        return self._media.pop(media_id, None) is not None

    def make_link(self, medium: Medium, ends_at: float) -> str:
        """Give the token of a new link to the bytes; it ends at a time in Unix seconds."""
        token = urlsafe_b64encode(self._ids.randbytes(24)).decode()
        self._links[token] = _Link(medium.id, ends_at)
        return token

    def follow_link(self, token: str, now: float) -> Medium | None:
        """Give what a link leads to; None if it is unknown or has ended."""
        link = self._links.get(token)
        if link is None or now >= link.ends_at:
            return None
        return self.find(link.media_id)

    def forget(self) -> int:
        """Drop everything, as Meta does after days; give how many media that were."""
        dropped = len(self._media)
        for kept in (self._media, self._links, self._contents):
            kept.clear()
        return dropped
