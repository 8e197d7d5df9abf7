"""AMR, narrow band, one channel (RFC 4867, 5)."""

from pathlib import Path

from shared.media.formats.format import Format, Verdict

_BEGIN = b"#!AMR\n"
# Bytes of a frame behind its first, by its type (RFC 4867, 3.6 and 5.3).
_LENGTHS = {0: 12, 1: 13, 2: 15, 3: 17, 4: 19, 5: 20, 6: 26, 7: 31, 8: 5, 15: 0}


def prove_amr(path: Path) -> Verdict:
    """Prove AMR: its mark, then frame after frame to the exact end."""
    with path.open("rb") as file:
        if file.read(len(_BEGIN)) != _BEGIN:
            return Verdict.OTHER
        frames = 0
        while head := file.read(1):
            length = _LENGTHS.get(head[0] >> 3 & 0xF)
            # The bits beside type and quality are zero.
            if length is None or head[0] & 0x83 or len(file.read(length)) < length:
                return Verdict.DAMAGED
            frames += 1
        return Verdict.PROVED if frames else Verdict.DAMAGED


FORMATS = (Format("amr", "audio/amr", ("amr",), prove_amr, "both"),)
