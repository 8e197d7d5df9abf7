"""R11: what a message says of its file is kept for display, and trusted in nothing."""

from typing import Any

import pytest

from shared.domain.attachment import DeclaredMedia
from shared.whatsapp.read_media import read_filename, read_media

DOCUMENT = {
    "id": "811000000000001",
    "mime_type": "application/pdf",
    "filename": "error log.pdf",
    "sha256": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
}


def test_a_document_is_read_whole() -> None:
    assert read_media("document", DOCUMENT) == DeclaredMedia(
        "811000000000001", "error log.pdf", "application/pdf", DOCUMENT["sha256"]
    )


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document"])
def test_half_an_object_is_a_file_that_nobody_can_fetch(kind: str) -> None:
    assert read_media(kind, {}) == DeclaredMedia(None, None, None, None)


@pytest.mark.parametrize("kind", ["text", "sticker", "location", "unsupported", None, "voice"])
def test_nothing_else_has_a_file(kind: str | None) -> None:
    assert read_media(kind, DOCUMENT) is None


@pytest.mark.parametrize(
    "media_id", ["../me", "1/2", "1?x=1", "", "x" * 129, 811, None, ["1"], "1\n", "%2e"]
)
def test_an_id_that_could_lead_elsewhere_is_none(media_id: Any) -> None:
    media = read_media("document", {**DOCUMENT, "id": media_id})

    assert media is not None
    assert media.media_id is None


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("informe.pdf", "informe.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\informe.pdf", "informe.pdf"),
        ("factura\u202efdp.exe", "facturafdp.exe"),
        ("a\x00b\r\n.pdf", "a\ufffdb.pdf"),
        ("  ", None),
        ("..", None),
        ("", None),
        (7, None),
        ("a" * 300 + ".pdf", "a" * 146 + ".pdf"),
        ("solicitud nº 3 (firmada).pdf", "solicitud nº 3 (firmada).pdf"),
    ],
)
def test_a_file_name_is_only_a_name(given: Any, shown: str | None) -> None:
    assert read_filename(given) == shown
