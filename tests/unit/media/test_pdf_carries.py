"""PDF: what a document carries, wherever it names it, must not be what R11 refuses."""

import io
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from tests import media_files
from tests.corpus.pdf import with_file
from tests.unit.media.conftest import Judge

# In none of them is an archive at the end of the document, which is refused for itself.
PROGRAM = media_files.executable()
WORD_2003 = (
    b"<?xml version='1.0'?><?mso-application progid='Word.Document'?>"
    b"<w:wordDocument xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml'/>"
)
INVOICE = media_files.small_xml()

Put = Callable[[Pdf, pikepdf.Object], None]


def _listed(pdf: Pdf, file: pikepdf.Object) -> None:
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array(["a", file])))


def _listed_deeper(pdf: Pdf, file: pikepdf.Object) -> None:
    inner = Dictionary(Kids=Array([Dictionary(Names=Array(["a", file]))]))
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Kids=Array([inner])))


def _behind_one_that_nobody_reads(pdf: Pdf, file: pikepdf.Object) -> None:
    other = pdf.make_stream(b"x", Filter=Name.Unknown)
    broken = Dictionary(Type=Name.Filespec, EF=Dictionary(F=other))
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array(["a", broken, "b", file])))


def _associated(pdf: Pdf, file: pikepdf.Object) -> None:
    pdf.Root.AF = Array([file])


def _of_a_page(pdf: Pdf, file: pikepdf.Object) -> None:
    pdf.pages[0].obj.AF = Array([file])


def _a_note(pdf: Pdf, file: pikepdf.Object) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=[0, 0, 1, 1], FS=file)
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(note)])


def _a_film(pdf: Pdf, file: pikepdf.Object) -> None:
    content = Dictionary(Assets=Dictionary(Names=Array(["a", file])))
    note = Dictionary(Subtype=Name.RichMedia, Rect=[0, 0, 1, 1], RichMediaContent=content)
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(note)])


def _opened(pdf: Pdf, file: pikepdf.Object) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.GoToE, F=file)


PLACES = [_listed, _listed_deeper, _associated, _of_a_page, _a_note, _a_film, _opened]


def carrying(put: Put, content: bytes, **options: object) -> bytes:
    """A page that carries a file at a place of its own."""
    with Pdf.new() as pdf:
        pdf.add_blank_page()
        stream = pdf.make_stream(content, Type=Name.EmbeddedFile)
        put(pdf, pdf.make_indirect(Dictionary(Type=Name.Filespec, EF=Dictionary(F=stream))))
        out = io.BytesIO()
        pdf.save(out, **options)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("put", PLACES)
def test_a_program_that_a_pdf_names_anywhere_is_refused_with_it(
    judge: Judge, put: Put, packed: bool
) -> None:
    streams = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable

    assert judge(carrying(put, PROGRAM, object_stream_mode=streams)) == "other"
    assert judge(carrying(put, INVOICE, object_stream_mode=streams)) == "pdf proved"


def test_a_name_that_is_written_in_numbers_is_the_same_name(judge: Judge) -> None:
    plain = carrying(_associated, PROGRAM, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert plain.count(b"/EF <<") == 1

    assert judge(plain.replace(b"/EF <<", b"/#45#46<<")) == "other"


def test_behind_what_cannot_be_looked_into_nothing_is_taken(judge: Judge) -> None:
    assert judge(carrying(_behind_one_that_nobody_reads, INVOICE)) == "other"


@pytest.mark.parametrize("aes", [False, True])
def test_what_a_locked_document_carries_is_not_taken(judge: Judge, aes: bool) -> None:
    locked = pikepdf.Encryption(owner="a", user="", R=6 if aes else 3, aes=aes, metadata=aes)
    without = carrying(lambda *_: None, b"", encryption=locked)

    assert judge(without) == "pdf proved"
    assert judge(carrying(_listed, INVOICE, encryption=locked)) == "other"


def test_a_list_of_objects_too_long_to_be_read_hides_nothing(judge: Judge) -> None:
    def put(pdf: Pdf, file: pikepdf.Object) -> None:
        pdf.Root.AF = Array([file])
        pdf.Root.Long = pikepdf.String("x" * 80_000_000)

    packed = carrying(put, PROGRAM, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert len(packed) < 1_000_000
    assert judge(packed) == "other"


@pytest.mark.parametrize(
    "content",
    [WORD_2003, b"x" + media_files.small_docx(), b"mime-version: 1.0\r\n",
     b"L\x00\x00\x00\x01\x14\x02\x00" + bytes(80), with_file("a.exe", PROGRAM)],
    ids=["Word 2003", "DOCX behind another letter", "web archive", "shortcut", "in a PDF"],
)  # fmt: skip
def test_what_is_refused_by_itself_is_refused_in_a_pdf(judge: Judge, content: bytes) -> None:
    assert judge(carrying(_listed, content, compress_streams=True)) == "other"


@pytest.mark.parametrize(
    "content",
    [INVOICE, b"nif;importe\n1;2\n", b"< 3 >", b"<style>\nli { margin: 0 }\n</style>",
     media_files.small_jpg(), media_files.small_pdf()],
    ids=["XML", "table", "text", "style of LaTeX's formulas", "photo", "PDF"],
)  # fmt: skip
def test_what_is_harmless_is_taken_in_a_pdf(judge: Judge, content: bytes) -> None:
    assert judge(carrying(_listed, content)) == "pdf proved"


def test_a_pdf_in_a_pdf_in_a_pdf_is_deep_enough(judge: Judge) -> None:
    inner = media_files.small_pdf()
    for _ in range(2):
        inner = carrying(_listed, inner)
    assert judge(inner) == "pdf proved"
    assert judge(carrying(_listed, inner)) == "other"
