"""Small files that a citizen might send: some that are taken, some that are not."""

import zipfile
from base64 import b64decode
from dataclasses import dataclass
from io import BytesIO

# A grey square of eight pixels.
_PICTURE = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1R"
    "V19iZ2hnPk1xeXBkeFxlZ2P/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAABv/EABQQAQAAAAAAAAAAAAAAAAAA"
    "AAD/2gAIAQEAAD8ASP/Z"
)
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A file as a phone sends it."""

    filename: str
    kind: str
    """The type of its message."""
    declared_type: str
    content: bytes


def make_pdf() -> SampleFile:
    """Give a PDF of one empty page."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
    ]
    body = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%sendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    end += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    return SampleFile("error.pdf", "document", "application/pdf", body + end)


def make_album() -> list[SampleFile]:
    """Give a photo, an office document, and a spreadsheet that poses as a PDF."""
    return [
        SampleFile("foto.jpg", "image", "image/jpeg", _PICTURE),
        SampleFile("informe.docx", "document", _WORD, _office("word/document.xml")),
        SampleFile("datos.pdf", "document", "application/pdf", _office("xl/workbook.xml")),
    ]


def _office(part: str) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(part, "<document/>")
    return content.getvalue()
