"""R11: the content decides, under every name and declared type."""

from itertools import product

import pytest

from tests import media_files
from tests.integration.media_validator.conftest import Validating
from tests.integration.media_validator.test_validate_media import giving

TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "bmp": "image/bmp",
    "xml": "text/xml",
    "oga": "audio/ogg; codecs=opus",
    "mp4": "video/mp4",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
OFFICE = {
    "doc": media_files.small_doc(),
    "docx": media_files.small_docx(),
    "xls": media_files.small_xls(),
    "xlsx": media_files.small_xlsx(),
}
CONTENTS = media_files.accepted() | OFFICE


@pytest.mark.parametrize("content", CONTENTS)
async def test_the_content_decides_under_each_name_and_type(
    validating: Validating, content: str
) -> None:
    validating.meta.bytes_answer = giving(CONTENTS[content])
    expected = ("refused", None, "format") if content in OFFICE else ("accepted", content, None)

    wrong = "xlsx" if content != "xlsx" else "pdf"
    for name, declared in product((content, wrong), (content, wrong, "bmp")):
        attachment = await validating.send(filename=f"a.{name}", mime_type=TYPES[declared])
        row = await validating.work(attachment)
        assert (row["state"], row["format"], row["reason"]) == expected, (name, declared)
        assert (row["filename"], row["declared_type"]) == (f"a.{name}", TYPES[declared])

    assert set(validating.kept()) == (set() if content in OFFICE else {CONTENTS[content]})
