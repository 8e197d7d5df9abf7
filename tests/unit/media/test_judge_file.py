"""R11: what a file is, its content says; its name says nothing."""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.media.formats.format import Format, Verdict
from shared.media.formats.registry import RECEIVED_FORMATS, choose_formats
from shared.media.judge_file import Judged, judge_file
from tests import media_files
from tests.unit.media.conftest import TAKEN, Judge

NAMES = ["file", "foto.jpg", "carta.pdf", "datos.xml", "plano.bmp", "voz.oga", "clip.mp4", "a.docx"]
ACCEPTED = media_files.accepted()
REFUSED = media_files.refused()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ACCEPTED)
def test_r11_a_file_of_a_format_that_is_taken_is_proved_under_any_name(
    judge: Judge, kind: str, name: str
) -> None:
    assert judge(ACCEPTED[kind], name) == f"{kind} proved"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", REFUSED)
def test_r11_what_is_not_taken_is_refused_under_any_name(
    judge: Judge, kind: str, name: str
) -> None:
    assert judge(REFUSED[kind], name) == "other"


@pytest.mark.parametrize("kind", ACCEPTED)
def test_a_format_that_is_not_allowed_is_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").write_bytes(ACCEPTED[kind])
    others = tuple(one for one in TAKEN if one.name != kind)

    assert judge_file(tmp_path / "file", others) == Judged(Verdict.OTHER, None)


@pytest.mark.parametrize("size", [100_000, 16_000_000])
@pytest.mark.parametrize("kind", ["pdf", "jpg", "xml", "mp4"])
def test_a_large_file_is_proved_like_a_small_one(judge: Judge, kind: str, size: int) -> None:
    data = getattr(media_files, f"small_{kind}")(size=size)

    assert len(data) == size
    assert judge(data) == f"{kind} proved"
    assert judge(data[:-100]) == f"{kind} damaged"


@pytest.mark.parametrize("kind", ["pdf", "jpg", "bmp", "oga", "mp4"])
def test_a_file_that_is_an_archive_too_is_refused(judge: Judge, kind: str) -> None:
    # Programs for archives look for a ZIP from its end and pass over what stands before it.
    archive = media_files.small_docx()

    assert judge(hide(kind, archive)) == "other"
    assert judge(hide(kind, archive.replace(b"PK\x05\x06", b"PK\x05\x07"))) == f"{kind} proved"


def hide(kind: str, data: bytes) -> bytes:
    """Put data into a file of a format, as near to the end as its rules allow."""
    if kind == "pdf":
        return media_files.small_pdf().replace(b"startxref", b"%" + data + b"\nstartxref")
    if kind == "jpg":
        return media_files.small_jpg() + b"x" + data
    if kind == "bmp":
        whole = media_files.small_bmp()
        return whole[: -len(data)] + data
    if kind == "oga":
        return media_files.ogg_stream([media_files.OPUS_HEAD, b"OpusTags", data])
    return media_files.small_mp4() + media_files.box(b"free", data)


def _says(name: str, verdict: Verdict) -> Format:
    return Format(name, "text/plain", (name,), lambda _path: verdict)


def test_a_file_of_two_formats_at_once_is_neither() -> None:
    both = [_says("one", Verdict.PROVED), _says("two", Verdict.PROVED)]

    assert judge_file(Path("any"), both) == Judged(Verdict.OTHER, None)
    assert judge_file(Path("any"), [*both, _says("three", Verdict.DAMAGED)]).format is None


def test_a_proof_outweighs_a_beginning(tmp_path: Path) -> None:
    (tmp_path / "any").write_bytes(b"any")
    proved = _says("two", Verdict.PROVED)

    assert judge_file(tmp_path / "any", [_says("one", Verdict.DAMAGED), proved]).format is proved


@pytest.mark.parametrize("kind", ["jpg", "bmp", "xml", "oga", "mp4"])
def test_a_file_in_which_a_viewer_finds_a_pdf_is_refused(judge: Judge, kind: str) -> None:
    header, other = b"%PDF-1.7 ", b"%PDX-1.7 "
    files = {
        "jpg": b"\xff\xd8\xff\xfe\x00\x0b" + other + ACCEPTED["jpg"][2:],
        "bmp": ACCEPTED["bmp"][:60] + other + ACCEPTED["bmp"][60 + len(other) :],
        "xml": ACCEPTED["xml"].replace(b"<texto>", b"<texto>" + other),
        "oga": media_files.ogg_stream([media_files.OPUS_HEAD, b"OpusTags", other]),
        "mp4": ACCEPTED["mp4"][:28] + media_files.box(b"free", other) + ACCEPTED["mp4"][28:],
    }
    hidden = files[kind].replace(other, header)
    if kind == "oga":  # its pages have checksums
        hidden = media_files.ogg_stream([media_files.OPUS_HEAD, b"OpusTags", header])

    assert judge(files[kind]) == f"{kind} proved"
    assert judge(hidden) == "other"


def test_a_file_that_is_not_there_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        judge_file(tmp_path / "none", TAKEN)


def test_formats_are_chosen_by_name_in_the_order_of_the_setting() -> None:
    assert [one.name for one in choose_formats(["xml", "pdf", "xml"])] == ["xml", "pdf"]


def test_where_a_format_is_not_known_those_that_are_are_named() -> None:
    with pytest.raises(ValueError, match=r"MEDIA_FORMATS.*bmp, doc, docx, jpg"):
        choose_formats(["pdf", "odt"])


def test_a_name_in_the_registry_is_the_name_of_its_format() -> None:
    assert all(one.extensions[0] == name for name, one in RECEIVED_FORMATS.items())


def _judge(data: bytes) -> Judged:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return judge_file(Path(file.name), TAKEN)


# What begins a file of each format, so that random bytes get past the first look.
BEGINNINGS = [b"", *(data[:length] for data in ACCEPTED.values() for length in (3, 16, 60))]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=400))
def test_no_bytes_raise_and_none_at_random_are_proved(begin: bytes, rest: bytes) -> None:
    assert _judge(begin + rest).verdict is not Verdict.PROVED


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(ACCEPTED)), st.data())
def test_no_file_that_was_cut_is_proved(kind: str, data: st.DataObject) -> None:
    whole = ACCEPTED[kind]
    # The rest of a PDF is a line's end, of XML one too; a page's border is told of in test_oga.
    ends = len(whole.rstrip())
    length = data.draw(st.integers(0, ends - 1))
    if kind == "oga" and whole[length:].startswith(b"OggS"):
        length += 1

    judged = _judge(whole[:length])

    assert judged.verdict is not Verdict.PROVED
    assert judged.format is None or judged.format.name == kind


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(ACCEPTED)), st.integers(0, 2**32), st.integers(1, 40))
def test_no_garbage_in_a_file_raises(kind: str, seed: int, count: int) -> None:
    chance = random.Random(seed)  # noqa: S311  no secret depends on it
    data = bytearray(ACCEPTED[kind])
    for _ in range(count):
        data[chance.randrange(len(data))] = chance.randrange(256)

    judged = _judge(bytes(data))

    assert judged.format is None or judged.format.name in {one.name for one in TAKEN}
