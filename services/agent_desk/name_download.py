"""Make a filename that is safe to save under out of the one that the sender gave."""

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import quote

# File systems take 255 bytes; a browser adds to the name where it is taken.
_MOST_BYTES = 180
_PATH = re.compile(r'[/\\:*?"<>|%;]')
# Windows takes these for devices, whatever stands behind their first dot.
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|\Z)", re.IGNORECASE
)
_EXTENSION = re.compile(r"(?<=.)\.(?=\w*[A-Za-z])\w{1,5}\Z", re.ASCII)


def name_download(filename: str | None, attachment_id: int, extensions: Sequence[str]) -> str:
    """Give the name under which a file is downloaded."""
    return name_file(filename, f"attachment-{attachment_id}", extensions)


def name_file(filename: str | None, without_name: str, extensions: Sequence[str]) -> str:
    """Give a name that ends in one of the extensions of the format that was proved."""
    stem = _clean(filename or "")
    found = _EXTENSION.search(stem)
    extension = extensions[0]
    if found is not None:
        stem = stem[: found.start()]
        given = found[0][1:].lower()
        extension = given if given in extensions else extension
    stem = stem.encode()[:_MOST_BYTES].decode(errors="ignore").strip(" .")
    stem = f"_{stem}" if _DEVICE.match(stem) else stem
    return f"{stem or without_name}.{extension}"


def content_disposition(name: str) -> str:
    """Give the header for a name from `name_download`: for old clients, and in full (RFC 6266)."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = re.sub(r"[^ -~]", "_", _PATH.sub("_", plain))
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _clean(filename: str) -> str:
    # Categories C and Z: control and bidi characters, halves of surrogate pairs, odd spaces.
    odd = re.sub(r"\s+", " ", filename)
    kept = (char for char in odd if char == " " or unicodedata.category(char)[0] not in "CZ")
    return _PATH.sub("_", unicodedata.normalize("NFC", "".join(kept))).strip(" .")
