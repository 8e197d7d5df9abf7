"""PDF by five writers: ReportLab, fpdf2, pypdf, Pillow and qpdf (through pikepdf)."""

import io
from collections.abc import Iterator
from typing import Any

import pikepdf
import pypdf
from fpdf import FPDF
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from tests.corpus.made import Made


def make_pdf() -> Iterator[Made]:
    """Give PDFs of all versions, and with what viewers put up with around them."""
    for name, content in {
        **_by_reportlab(), **_by_fpdf2(), **_by_pypdf(), **_by_pillow(), **_by_qpdf(), **_odd(),
    }.items():  # fmt: skip
        yield Made("pdf", name, content)


def reportlab(pages: int = 1, **options: Any) -> bytes:
    """A document of some pages with text and lines."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, **options)
    for page in range(pages):
        canvas.drawString(72, 720, f"Solicitud de ayuda, página {page + 1}")
        canvas.line(72, 700, 500, 700)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _by_reportlab() -> dict[str, bytes]:
    files = {
        f"reportlab {pages} pages, compression {compression}": reportlab(
            pages, pageCompression=compression
        )
        for pages in (1, 3, 40, 400)
        for compression in (0, 1)
    }
    for version in ((1, 3), (1, 4), (1, 5), (1, 7)):
        files[f"reportlab {version}"] = reportlab(pdfVersion=version)
    locked = StandardEncryption("", ownerPassword="owner", canModify=0)
    files["reportlab protected against changes"] = reportlab(encrypt=locked)
    files["reportlab with a password"] = reportlab(encrypt=StandardEncryption("secret"))
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.acroForm.textfield(name="dni", x=72, y=700, width=200, height=20)
    canvas.acroForm.checkbox(name="acepto", x=72, y=650)
    canvas.bookmarkPage("inicio")
    canvas.addOutlineEntry("Inicio", "inicio")
    canvas.showPage()
    canvas.save()
    return files | {"reportlab form": out.getvalue()}


def _by_fpdf2() -> dict[str, bytes]:
    files = {}
    for version in ("1.3", "1.4", "1.5", "1.7", "2.0"):
        document = _fpdf()
        document.pdf_version = version
        files[f"fpdf2 {version}"] = bytes(document.output())
    protected = _fpdf()
    protected.set_encryption(owner_password="owner")
    files["fpdf2 protected"] = bytes(protected.output())
    with_photo = _fpdf()
    with_photo.image(Image.new("RGB", (300, 200), "teal"))
    files["fpdf2 with a photo"] = bytes(with_photo.output())
    with_file = _fpdf()
    with_file.embed_file(bytes=b"<factura/>", basename="factura.xml", desc="Factura")
    files["fpdf2 with a file inside"] = bytes(with_file.output())
    return files


def _fpdf() -> FPDF:
    document = FPDF()
    document.add_page()
    document.set_font("helvetica", size=12)
    document.cell(text="Certificado de empadronamiento")
    return document


def _by_pypdf() -> dict[str, bytes]:
    base = reportlab(3)
    plain = pypdf.PdfWriter(clone_from=io.BytesIO(base))
    changed = pypdf.PdfWriter(io.BytesIO(base), incremental=True)
    changed.add_metadata({"/Title": "Segunda versión"})
    encrypted = pypdf.PdfWriter(clone_from=io.BytesIO(base))
    encrypted.encrypt("", owner_password="owner", algorithm="RC4-128")
    squeezed = pypdf.PdfWriter(clone_from=io.BytesIO(base))
    squeezed.compress_identical_objects()
    return {
        "pypdf": _written(plain),
        "pypdf changed at its end": _written(changed),
        "pypdf RC4-128": _written(encrypted),
        "pypdf squeezed": _written(squeezed),
    }


def _written(writer: pypdf.PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _by_pillow() -> dict[str, bytes]:
    files = {}
    for mode in ("1", "L", "P", "RGB", "CMYK"):
        out = io.BytesIO()
        image = Image.new(mode, (200, 300))
        image.save(out, "PDF", save_all=True, append_images=[image, image])
        files[f"pillow {mode}"] = out.getvalue()
    return files


def _by_qpdf() -> dict[str, bytes]:
    forms: dict[str, dict[str, Any]] = {
        "linearized": {"linearize": True},
        "with object streams": {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
        "linearized with object streams": {
            "linearize": True, "object_stream_mode": pikepdf.ObjectStreamMode.generate,
        },
        "without object streams": {"object_stream_mode": pikepdf.ObjectStreamMode.disable},
        "in QDF": {"qdf": True},
        "uncompressed": {"compress_streams": False},
        "1.3": {"force_version": "1.3"},
        "2.0": {"min_version": "2.0"},
        **{
            f"encrypted R{revision}": {
                "encryption": pikepdf.Encryption(owner="owner", user="", R=revision)
            }
            for revision in (4, 6)
        },
    }  # fmt: skip
    files = {f"qpdf {name}": qpdf(reportlab(5), **options) for name, options in forms.items()}
    return files | {
        "with JavaScript": with_script("app.alert('Revise el importe');"),
        "with an invoice attached": with_file("factura.xml", b"<?xml version='1.0'?><factura/>"),
        "with a PDF attached": with_file("anejo.pdf", reportlab()),
        "with a text attached": with_file("notas.txt", b"Revisado"),
    }


def with_script(script: str) -> bytes:
    """A document that runs something when it is opened, as forms of administrations do."""
    with pikepdf.open(io.BytesIO(reportlab())) as document:
        action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=script)
        document.Root.OpenAction = document.make_indirect(action)
        return _saved(document)


def with_file(name: str, content: bytes) -> bytes:
    """A document that carries a file."""
    with pikepdf.open(io.BytesIO(reportlab())) as document:
        document.attachments[name] = pikepdf.AttachedFileSpec(document, content, filename=name)
        return _saved(document)


def _saved(document: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def qpdf(content: bytes, **options: Any) -> bytes:
    """Write a document anew."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(out, **options)
    return out.getvalue()


def _odd() -> dict[str, bytes]:
    whole = reportlab(2)
    return {
        "behind a UTF-8 mark": b"\xef\xbb\xbf" + whole,
        "behind blank lines": b"\r\n \r\n\n" + whole,
        "behind a letter's head": b"Content-Type: application/pdf\r\n\r\n" + whole,
        "behind 900 bytes": b"% scanned\n" * 90 + whole,
        "of a printer's queue": b"\x1b%-12345X@PJL ENTER LANGUAGE=PDF\r\n"
        + whole + b"\x1b%-12345X",
        "behind zeros": bytes(128) + whole,
        "before zeros": whole + bytes(4096),
        "before blanks": whole + b"\r\n\r\n  \n",
        "without a line's end": whole.rstrip(),
        "before a note of a transfer": whole + b"\r\n--boundary--\r\n",
        "with lines of CR": whole.replace(b"startxref\n", b"startxref\r"),
    }  # fmt: skip
