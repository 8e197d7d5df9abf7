"""Office documents, for where MEDIA_FORMATS names them: every part is there and unpacks."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.media.formats import ooxml
from shared.media.formats.registry import choose_formats
from shared.media.judge_file import judge_file
from tests.corpus.office import excel, word
from tests.unit.media.conftest import in_words

Judge = Callable[[bytes], str]
DOCX = word(20)


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    def judge_bytes(data: bytes) -> str:
        (tmp_path / "file").write_bytes(data)
        return in_words(judge_file(tmp_path / "file", choose_formats(["docx", "xlsx"])))

    return judge_bytes


def test_each_is_taken_as_what_it_is(judge: Judge) -> None:
    assert judge(DOCX) == "docx proved"
    assert judge(excel()) == "xlsx proved"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_one_that_was_cut_is_damaged(judge: Judge, share: float) -> None:
    assert judge(DOCX[: int(len(DOCX) * share)]) == "docx damaged"


def test_a_part_that_does_not_unpack_is_damage(judge: Judge) -> None:
    with zipfile.ZipFile(io.BytesIO(DOCX)) as archive:
        part = archive.getinfo("word/document.xml")
    place = part.header_offset + 30 + len(part.filename) + 20

    assert judge(DOCX[:place] + bytes(8) + DOCX[place + 8 :]) == "docx damaged"


@pytest.mark.parametrize("offset", [0, 1, 2**31, 2**32 - 2])
def test_a_list_of_parts_that_is_not_where_the_end_says_is_damage(
    judge: Judge, offset: int
) -> None:
    end = DOCX.rindex(b"PK\x05\x06")

    moved = DOCX[: end + 16] + offset.to_bytes(4, "little") + DOCX[end + 20 :]

    assert judge(moved) == "docx damaged"


def test_more_than_any_document_unpacks_to_is_refused(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ooxml, "_MOST_UNPACKED", 1_000)

    assert judge(DOCX) == "other"


def test_an_archive_that_is_no_document_is_refused_whole_and_cut(judge: Judge) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("carta.txt", "Hola" * 500)

    assert judge(out.getvalue()) == "other"
    assert judge(out.getvalue()[:-40]) == "other"
