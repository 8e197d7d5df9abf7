"""What agents may send: decided by content, as strictly as WhatsApp."""

import codecs
import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shared.media.formats.registry import SENT_FORMATS
from shared.media.judge_file import judge_file
from tests import media_files, sendable_files
from tests.media_files import picture, zip_of
from tests.sendable_files import film, id3, small_mp3
from tests.unit.media.conftest import in_words

SENDABLE = sendable_files.sendable()
REFUSED = {
    name: content
    for name, content in media_files.refused().items()
    if name not in {"doc", "xls", "docx", "xlsx", "png", "text", "text that begins with BM"}
}
Judge = Callable[[bytes], str]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    def judge_bytes(data: bytes) -> str:
        path = tmp_path / "file"
        path.write_bytes(data)
        return in_words(judge_file(path, tuple(SENT_FORMATS.values())))

    return judge_bytes


def test_there_is_an_example_of_each_format() -> None:
    assert SENDABLE.keys() == SENT_FORMATS.keys()


@pytest.mark.parametrize(("name", "content"), SENDABLE.items(), ids=SENDABLE)
def test_what_whatsapp_takes_is_proved(judge: Judge, name: str, content: bytes) -> None:
    assert judge(content) == f"{name} proved"


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_everything_else_is_not(judge: Judge, content: bytes) -> None:
    assert "proved" not in judge(content)


@pytest.mark.parametrize(
    "content",
    [
        media_files.small_bmp(), media_files.small_xml(),
        media_files.small_oga(head=media_files.VORBIS_HEAD),
        media_files.small_oga(head=b"OpusHead\x01\x02" + media_files.OPUS_HEAD[10:]),
        picture("TIFF"), picture("ICO"),
        zip_of({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<x/>"}),
        zip_of({"a.txt": b"a"}), b"MZ" + media_files.small_docx(), media_files.ole2("Other", b"x"),
        b"PK\x03\x04 and no archive", b"\xef\xbb\xbf", b" \n",
    ],
    ids=["bmp", "xml", "vorbis", "two channels", "tiff", "ico", "no main part", "zip",
         "exe before a docx", "other compound file", "broken zip", "mark alone", "blank"],
)  # fmt: skip
def test_what_whatsapp_refuses_is_refused(judge: Judge, content: bytes) -> None:
    assert "proved" not in judge(content)


def png_in(mode: str) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (8, 8)).save(out, "PNG")
    return out.getvalue()


def test_of_png_only_8_bit_rgb_and_rgba(judge: Judge) -> None:
    png = sendable_files.small_png()

    assert judge(png_in("RGBA")) == "rgb_png proved"
    assert [judge(png_in(mode)) for mode in ("L", "P", "1", "I;16")] == ["other"] * 4
    assert judge(png + b"x") == "other"
    assert judge(png[:-1]) == "rgb_png damaged"
    assert judge(png.replace(b"IDAT", b"IDAX")) == "rgb_png damaged"


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (film((b"avc1",)), "h264 proved"),
        (film((b"avc3", b"mp4a", b"mett", b"tx3g")), "h264 proved"),
        (film((b"hvc1", b"mp4a")), "other"),
        (film((b"avc1", b"mp4a", b"mp4a")), "other"),
        (film((b"avc1", b"samr")), "other"),
        (film((b"mp4a",)), "aac_m4a proved"),
        (film((b"mp4a",), b"M4B "), "aac_m4a proved"),
        (film((b"avc1",), b"M4A "), "other"),
        (film((b"s263", b"samr"), b"3gp4"), "other"),
        (film((b"avc1", b"mp4a"), b"qt  "), "other"),
        (film(()), "other"),
        (media_files.small_mp4(), "other"),
    ],
    ids=["silent", "with notes", "H.265", "two sounds", "AMR", "sound alone", "audio book",
         "pictures under a brand of sound", "H.263", "QuickTime", "no track", "no codec"],
)  # fmt: skip
def test_of_films_only_h264_with_one_aac(judge: Judge, content: bytes, verdict: str) -> None:
    assert judge(content) == verdict


def test_a_film_that_is_cut_off_is_damaged(judge: Judge) -> None:
    whole = film()

    assert "damaged" in judge(whole[:-1])
    assert "damaged" in judge(whole[: whole.index(b"mdat") - 4])


def test_an_mp3_may_have_its_tags(judge: Judge) -> None:
    assert judge(small_mp3(tag=id3())) == "mp3 proved"
    assert judge(small_mp3() + b"TAG" + bytes(125)) == "mp3 proved"
    assert judge(small_mp3() + small_mp3(1)[:200]) == "mp3 proved"
    assert judge(small_mp3(2)) == "other"
    assert judge(small_mp3() + media_files.executable()) == "other"
    assert judge(small_mp3() + zip_of({"a": b"a"})) == "other"
    assert judge(small_mp3() + bytes(200_000)) == "mp3 damaged"


def test_aac_and_amr_are_walked_to_their_ends(judge: Judge) -> None:
    assert judge(sendable_files.small_aac()[:-50]) == "aac proved"
    assert judge(sendable_files.small_aac() + bytes(50)) == "aac damaged"
    assert judge(sendable_files.small_amr()[:-1]) == "amr damaged"
    assert judge(sendable_files.small_amr() + b"\x50") == "amr damaged"
    assert judge(b"#!AMR-WB\n" + bytes(20)) == "other"


@pytest.mark.parametrize(
    "text",
    ["Año;Importe\n2026;12 €\n", '{"a": 1}', "línea\r\n\tdos\f", "BM es la abreviatura"],
)
def test_texts_of_every_kind_are_texts(judge: Judge, text: str) -> None:
    assert judge(text.encode()) == "txt proved"
    assert judge(codecs.BOM_UTF8 + text.encode()) == "txt proved"
    assert judge(text.encode("cp1252")) == "txt proved"


@pytest.mark.parametrize(
    "text",
    ["<b>x</b>", "\n<!-- x --><html>", "{\\rtf1 x}", "%!PS-Adobe", "#!/bin/sh", "a\x00b",
     "a" * 300_000 + "\x01", "Hola <script>alert(1)</script>"],
)  # fmt: skip
def test_what_a_program_would_run_or_draw_is_no_text(judge: Judge, text: str) -> None:
    assert judge(text.encode()) == "other"


def test_a_document_with_macros_is_refused(judge: Judge) -> None:
    macros = {"word/VbaProject.bin": b"x"}
    parts = zipfile.ZipFile(io.BytesIO(media_files.small_docx()))
    with_macros = zip_of({one: parts.read(one) for one in parts.namelist()} | macros)

    assert judge(with_macros) == "other"
    assert judge(media_files.small_docm()) == "other"


@given(st.sampled_from(sorted(SENDABLE)), st.data())
def test_no_broken_file_makes_a_proof_raise(name: str, data: st.DataObject) -> None:
    content = bytearray(SENDABLE[name])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(content[: data.draw(st.integers(0, len(content)))])

        judge_file(Path(file.name), tuple(SENT_FORMATS.values()))
