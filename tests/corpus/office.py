"""Office documents: by python-docx, openpyxl, XlsxWriter, python-pptx and odfpy, and in old forms.

Nothing that is kept writes DOC, XLS or PPT without an office program: they are compound files with
the streams that make a program open them.
"""

import io
import zipfile
from collections.abc import Iterator

import docx
import openpyxl
import pptx
import xlsxwriter
from odf.opendocument import OpenDocumentPresentation, OpenDocumentSpreadsheet, OpenDocumentText
from odf.text import P

from tests import media_files
from tests.corpus.made import Made
from tests.corpus.pictures import photo, saved
from tests.media_files import ole2
from tests.sendable_files import small_ppt

_MAIN = "application/vnd.openxmlformats-officedocument"
# What makes of a document a template, or one with macros, is the type of its main part (ECMA-376).
_WORD = {
    "dotx": f"{_MAIN}.wordprocessingml.template.main+xml",
    "docm": "application/vnd.ms-word.document.macroEnabled.main+xml",
    "dotm": "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
}
_EXCEL = {
    "xltx": f"{_MAIN}.spreadsheetml.template.main+xml",
    "xlsm": "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    "xltm": "application/vnd.ms-excel.template.macroEnabled.main+xml",
    "xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.main",
}


def make_docx() -> Iterator[Made]:
    """Give DOCX."""
    yield Made("docx", "python-docx", word())
    yield Made("docx", "python-docx, long", word(400))
    yield Made("docx", "python-docx with a photo", word(picture=saved(photo(), "PNG")))
    yield Made("docx", "without compression", _packed_anew(word(), zipfile.ZIP_STORED))


def make_xlsx() -> Iterator[Made]:
    """Give XLSX."""
    yield Made("xlsx", "openpyxl", excel())
    yield Made("xlsx", "openpyxl, long", excel(3_000))
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet("Gastos")
    sheet.write_row(0, 0, ["Concepto", "Importe", 12.5])
    book.add_chart({"type": "column"})
    book.close()
    yield Made("xlsx", "XlsxWriter", out.getvalue())


def make_pptx() -> Iterator[Made]:
    """Give PPTX."""
    out = io.BytesIO()
    presentation = pptx.Presentation()
    presentation.slides.add_slide(presentation.slide_layouts[0])
    presentation.save(out)
    yield Made("pptx", "python-pptx", out.getvalue())


def make_old_office() -> Iterator[Made]:
    """Give compound files ([MS-CFB]) of the programs that write them."""
    yield Made("doc", "a document", media_files.small_doc())
    yield Made("xls", "a book", media_files.small_xls())
    yield Made("xls", "a book before Excel 97", ole2("Book", b"\x09\x08\x08\x00\x00\x05"))
    yield Made("ppt", "a presentation", small_ppt())


def make_other_office() -> Iterator[Made]:
    """Give templates, documents with macros, open documents and other containers."""
    for name, main in _WORD.items():
        yield Made("office", name, _with_type(word(), "wordprocessingml.document", main))
    for name, main in _EXCEL.items():
        yield Made("office", name, _with_type(excel(), "spreadsheetml.sheet", main))
    for kind in (OpenDocumentText, OpenDocumentSpreadsheet, OpenDocumentPresentation):
        document = kind()
        if kind is OpenDocumentText:
            document.text.addElement(P(text="Hola"))
        out = io.BytesIO()
        document.write(out)
        yield Made("office", f"odfpy {kind.__name__}", out.getvalue())
    yield Made("office", "a message", ole2("__properties_version1.0", b"x"))
    yield Made("office", "an encrypted DOCX", ole2("EncryptedPackage", b"x" * 5_000))
    yield Made("office", "an installer", ole2("\u4840\u3f3f\u4577\u446c\u3b6a\u45e4\u4824", b"x"))
    yield Made("office", "RTF", rb"{\rtf1\ansi\deff0 {\fonttbl {\f0 Arial;}} Hola}")
    yield Made("office", "Word 2.0", b"\xdb\xa5\x2d\x00\x00\x00" + bytes(600))


def make_office_in_xml() -> Iterator[Made]:
    """Give office documents that are XML."""
    text = OpenDocumentText()
    text.text.addElement(P(text="Hola"))
    files = {
        "Word 2003": media_files.word_2003_xml(),
        "Word 2003 without the instruction": media_files.word_2003_xml().replace(
            b'<?mso-application progid="Word.Document"?>\n', b""
        ),
        "Excel 2003": media_files.excel_2003_xml(),
        "Flat OPC": media_files.flat_opc(),
        "Flat ODF": media_files.flat_odt(),
        "Flat ODF by odfpy": text.xml(),
        "Visio": b'<VisioDocument xmlns="http://schemas.microsoft.com/visio/2003/core"/>',
        "Project": b'<Project xmlns="http://schemas.microsoft.com/project"/>',
        "InfoPath": b'<?mso-infoPathSolution PIVersion="1.0"?><a/>',
    }
    for name, content in files.items():
        yield Made("office in XML", name, content)
    utf16 = media_files.word_2003_xml().decode().replace("UTF-8", "UTF-16").encode("utf-16")
    yield Made("office in XML", "Word 2003 in UTF-16", utf16)


def word(paragraphs: int = 3, picture: bytes | None = None) -> bytes:
    """A document with some paragraphs."""
    document = docx.Document()
    for number in range(paragraphs):
        document.add_paragraph(f"Párrafo {number}")
    if picture is not None:
        document.add_picture(io.BytesIO(picture))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def excel(rows: int = 3) -> bytes:
    """A book with one sheet of so many rows."""
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Gastos", 0)
    for number in range(rows):
        sheet.append([number, "concepto", number * 1.5])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _with_type(content: bytes, kind: str, main: str) -> bytes:
    """Give a document's main part another type."""
    return _packed_anew(content, change=(f"{_MAIN}.{kind}.main+xml".encode(), main.encode()))


def _packed_anew(
    content: bytes, method: int = zipfile.ZIP_DEFLATED, change: tuple[bytes, bytes] = (b"", b"")
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, part.replace(*change) if change[0] else part)
    return out.getvalue()
