"""Opus in Ogg with one channel: of audio in Ogg WhatsApp takes no other (Meta, media, 2025-11)."""

from pathlib import Path

from shared.media.formats.format import Format, Verdict
from shared.media.formats.oga import prove_oga

# RFC 3533, 6: a page with one segment; RFC 7845, 5.1: the head, and in it the number of channels.
_FIRST_PACKET = 28
_HEAD = b"OpusHead"
_CHANNELS = 9


def prove_opus(path: Path) -> Verdict:
    """Prove audio in Ogg whose first stream is Opus with one channel."""
    verdict = prove_oga(path)
    if verdict is not Verdict.PROVED:
        return verdict
    with path.open("rb") as file:
        packet = file.read(_FIRST_PACKET + _CHANNELS + 1)[_FIRST_PACKET:]
    return Verdict.PROVED if packet.startswith(_HEAD) and packet[-1] == 1 else Verdict.OTHER


FORMATS = (Format("opus", "audio/ogg", ("ogg", "oga", "opus"), prove_opus, "sent"),)
