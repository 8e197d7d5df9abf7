"""Files that are two things at once, or pose as what they are not, and files that are not whole."""

import io
import struct
import tarfile
from collections.abc import Iterator

from tests import media_files
from tests.corpus.made import Made
from tests.corpus.office import excel, word
from tests.corpus.others import archive
from tests.corpus.pdf import reportlab, with_file
from tests.corpus.pictures import photo, saved
from tests.corpus.sounds_and_films import film, sound
from tests.media_files import box

PAGE = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"


def whole() -> dict[str, bytes]:
    """One genuine file of each format of R11."""
    return {
        "pdf": reportlab(3),
        "jpg": saved(photo(), "JPEG"),
        "bmp": saved(photo(), "BMP"),
        "xml": media_files.small_xml(1, 5_000),
        "oga": sound("ogg", "libopus", 2),
        "mp4": film("mp4", "libx264"),
    }


def make_broken() -> Iterator[Made]:
    """Give files that were cut, and files of which a piece is missing."""
    for kind, content in whole().items():
        content = content.rstrip() if kind in {"pdf", "xml"} else content  # noqa: PLW2901
        for share in (0.1, 0.5, 0.9, 0.99):
            yield Made("broken", f"{kind}, {share:.0%} of it", content[: int(len(content) * share)])
        yield Made("broken", f"{kind} without its last byte", content[:-1])
        if kind not in {"jpg", "bmp", "pdf", "xml"}:
            middle = len(content) // 2
            yield Made(
                "broken", f"{kind} without its middle", content[:middle] + content[middle + 9 :]
            )


def make_disguises() -> Iterator[Made]:
    """Give polyglots, and containers that hide behind the beginning of another format."""
    yield from _archives_behind()
    yield from _pdf_with_another_face()
    yield from _pictures_with_another_face()
    yield from _behind_a_false_beginning()
    yield from _two_formats_at_once()
    yield from _anywhere_in_a_file()


def _archives_behind() -> Iterator[Made]:
    """ZIP is read from its end: what stands before it does not matter."""
    for kind, content in whole().items():
        for name, hidden in (("ZIP", archive()), ("DOCX", word()), ("XLSX", excel())):
            yield Made("disguise", f"{kind} with {name} behind it", content + hidden)
    hidden = word()
    yield Made("disguise", "mp4 with DOCX in a free box", whole()["mp4"] + box(b"free", hidden))
    pages = reportlab().replace(b"startxref", b"% " + hidden + b"\nstartxref")
    yield Made("disguise", "pdf with DOCX before its end", pages)
    tags = b"OpusTags" + struct.pack("<I", 0) + struct.pack("<I", 0)
    stream = media_files.ogg_stream([media_files.OPUS_HEAD, tags, hidden[-40_000:]])
    yield Made("disguise", "oga with the end of a DOCX in it", stream)


def _pdf_with_another_face() -> Iterator[Made]:
    pages = reportlab()
    for name, before in {
        "a page": PAGE, "a script": b"#!/bin/sh\nexit 0\n", "a program": b"MZ" + bytes(126),
        "a GIF": b"GIF89a" + bytes(20), "a JPG": b"\xff\xd8\xff\xe0" + bytes(20),
        "a PNG": saved(photo(size=(2, 2)), "PNG"), "an archive": archive(),
        "a compound file": media_files.small_doc()[:900], "RTF": rb"{\rtf1 a}",
        "RAR": b"Rar!\x1a\x07\x00", "7z": b"7z\xbc\xaf\x27\x1c", "ELF": b"\x7fELF\x02\x01\x01",
        "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg">',
    }.items():  # fmt: skip
        yield Made("disguise", f"pdf behind {name}", before + pages)
    for name, attached in {
        "DOCX": word(), "XLSX": excel(), "DOC": media_files.small_doc(), "a page": PAGE,
        "a program": media_files.executable(), "an archive": archive(), "RTF": rb"{\rtf1 a}",
    }.items():  # fmt: skip
        yield Made("disguise", f"pdf with {name} attached", with_file("anejo.bin", attached))
    after_header = pages.replace(b"\n", b"\n%" + PAGE + b"\n", 1)
    yield Made("disguise", "pdf with a page in its first lines", after_header)


def _pictures_with_another_face() -> Iterator[Made]:
    picture, bitmap = whole()["jpg"], whole()["bmp"]
    for name, behind in {
        "a page": PAGE, "PHP": b"<?php system('id'); ?>", "a program": b"MZ" + bytes(126),
        "RAR": b"Rar!\x1a\x07\x01\x00" + bytes(64), "7z": b"7z\xbc\xaf\x27\x1c" + bytes(64),
        "a compound file": media_files.small_doc(), "a script": b"#!/bin/sh\nexit 0\n",
        "PDF": reportlab(), "ELF": b"\x7fELF\x02\x01\x01" + bytes(64),
    }.items():  # fmt: skip
        yield Made("disguise", f"jpg with {name} behind it", picture + behind)
        yield Made("disguise", f"bmp with {name} behind it", bitmap + behind)
        yield Made("disguise", f"mp4 with {name} behind it", whole()["mp4"] + behind)
        yield Made("disguise", f"oga with {name} behind it", whole()["oga"] + behind)
        yield Made("disguise", f"xml with {name} behind it", whole()["xml"] + behind)


def _behind_a_false_beginning() -> Iterator[Made]:
    """The first bytes are of a format that is taken, all the rest is something else."""
    begins = {kind: content[:64] for kind, content in whole().items()}
    for kind, begin in begins.items():
        for name, rest in (
            ("DOCX", word()), ("XLSX", excel()), ("DOC", media_files.small_doc()),
            ("a page", PAGE), ("a program", media_files.executable()), ("zeros", bytes(9_000)),
        ):  # fmt: skip
            yield Made("disguise", f"{name} behind the beginning of {kind}", begin + rest)
    yield Made("disguise", "DOCX behind a PDF's header", b"%PDF-1.4\n" + word())
    yield Made(
        "disguise",
        "DOCX between the ends of a PDF",
        b"%PDF-1.4\n" + word() + b"\nstartxref\n0\n%%EOF\n",
    )
    old = bytearray(media_files.small_doc())
    old[600:609] = b"%PDF-1.4\n"
    yield Made("disguise", "DOC with a PDF's header in it", bytes(old))


def _two_formats_at_once() -> Iterator[Made]:
    """Each half of these is whole: programs for both formats would open the file."""
    pages = reportlab()
    comment = b"\xff\xfe" + struct.pack(">H", len(pages) + 2) + pages
    picture = whole()["jpg"]
    yield Made("disguise", "jpg with PDF in a comment", picture[:2] + comment + picture[2:])
    inner = box(b"free", pages)
    movie = whole()["mp4"]
    start = int.from_bytes(movie[:4], "big")
    yield Made("disguise", "mp4 with PDF in a free box", movie[:start] + inner + movie[start:])
    yield Made("disguise", "pdf with MP4 behind it", pages + whole()["mp4"])
    yield Made(
        "disguise",
        "xml with PDF in a comment",
        b"<a><!--" + pages.replace(b"--", b"- ") + b"--></a>",
    )
    yield Made("disguise", "bmp whose pixels are a PDF", _bitmap_of(pages))


def _anywhere_in_a_file() -> Iterator[Made]:
    """Programs look for these behind whatever stands before them."""
    picture, pages = whole()["jpg"], whole()["pdf"]
    for name, hidden in (("RAR", b"Rar!\x1a\x07\x01\x00"), ("7z", b"7z\xbc\xaf\x27\x1c")):
        inside = b"\xff\xfe\x00\x42" + hidden.ljust(64, b"\0")
        yield Made("disguise", f"jpg with {name} in a comment", picture[:2] + inside + picture[2:])
        yield Made("disguise", f"jpg with {name} further behind it", picture + b"x" + hidden)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as packed:
        member = tarfile.TarInfo("a.pdf")
        member.size = len(pages)
        packed.addfile(member, io.BytesIO(pages))
    yield Made("disguise", "a TAR whose first file is a PDF", out.getvalue())
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="a"\r\n\r\n--a\r\n'
    yield Made("disguise", "pdf behind the head of a web archive", head + pages)
    later = pages.replace(b"\n", b"\n%" + b"x" * 2000 + b"\r\n" + head, 1)
    yield Made("disguise", "pdf with a web archive behind its header", later)
    for markup in (b"<img src=x onerror=alert(1)>", b"<body onload=alert(1)>", b"<object data=x>"):
        page = pages.replace(b"\n", b"\n%" + markup + b"\n", 1)
        yield Made("disguise", f"pdf with {markup.decode()} in its first lines", page)


def _bitmap_of(data: bytes) -> bytes:
    rows = -(-len(data) // 400)
    head = struct.pack("<2sIHHI", b"BM", 54 + rows * 400, 0, 0, 54)
    head += struct.pack("<IiiHHIIiiII", 40, 100, rows, 1, 32, 0, 0, 0, 0, 0, 0)
    return head + data.ljust(rows * 400, b"\0")
