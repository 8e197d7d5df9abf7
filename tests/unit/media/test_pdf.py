"""PDF: the tolerance of viewers, and its limits."""

import pytest

from tests import media_files
from tests.unit.media.conftest import Judge

PDF = media_files.small_pdf()


def test_a_table_in_a_stream_is_taken(judge: Judge) -> None:
    assert judge(media_files.pdf_with_table_in_a_stream()) == "pdf proved"


@pytest.mark.parametrize(
    "before",
    [b"\xef\xbb\xbf", b"\r\n", b"\x1b%-12345X@PJL JOB\r\n", b"x" * 1023, bytes(128)],
    ids=["mark of UTF-8", "line", "printer", "1023 bytes", "zeros"],
)
def test_bytes_before_the_header_are_taken_as_viewers_do(judge: Judge, before: bytes) -> None:
    assert judge(before + PDF) == "pdf proved"


def test_places_may_count_from_the_beginning_of_the_file(judge: Judge) -> None:
    before = b"junk\n" * 30
    at = PDF.index(b"xref")

    moved = PDF.replace(b"startxref\n%d" % at, b"startxref\n%d" % (at + len(before)))

    assert judge(before + moved) == "pdf proved"


def test_a_header_further_down_than_viewers_look_is_none(judge: Judge) -> None:
    assert judge(b"x" * 1024 + PDF) == "other"


@pytest.mark.parametrize(
    "before",
    [
        media_files.gif()[:200],
        media_files.executable(),
        b"#!/bin/sh\nexit\n",
        b"<html><body>",
        b"PK\x03\x04" + bytes(26),
        b"Rar!\x1a\x07\x00",
        media_files.png()[:64],
        media_files.ole2("WordDocument", b"")[:500],
    ],
    ids=["gif", "exe", "script", "html", "zip", "rar", "png", "doc"],
)
def test_a_pdf_behind_the_beginning_of_another_format_is_refused(
    judge: Judge, before: bytes
) -> None:
    assert judge(before + PDF) == "other"


@pytest.mark.parametrize("page", [b"<html>", b"<SCRIPT src=x>", b"<!DOCTYPE html>", b"<svg "])
def test_a_pdf_that_is_a_page_too_is_refused(judge: Judge, page: bytes) -> None:
    assert judge(b"% " + page + b"\n" + PDF) == "other"
    assert judge(b"% a page\n" + PDF) == "pdf proved"


def test_padding_behind_the_end_is_taken(judge: Judge) -> None:
    assert judge(PDF + bytes(4096)) == "pdf proved"


def test_an_end_that_is_not_near_the_end_is_damage(judge: Judge) -> None:
    assert judge(PDF + b"y" * 2000) == "pdf damaged"


def test_where_the_table_is_not_where_the_end_says_pages_are_looked_for(judge: Judge) -> None:
    moved = PDF.replace(b"4 0 obj", b"4 0 obj" + b" " * 500)

    assert judge(moved) == "pdf proved"
    assert judge(PDF.replace(b"\n", b"\r\n")) == "pdf proved"
    assert judge(moved.replace(b"/Kids", b"/Cats")) == "pdf damaged"


def test_the_first_part_of_a_linearized_file_is_not_the_whole(judge: Judge) -> None:
    # It begins with its own table, so that a viewer need not wait, and names no other place.
    table = b"1 0 obj\n<< /Type /XRef /Size 1 /W [1 1 1] /Length 0 >>\nendobj\n"

    assert judge(b"%PDF-1.5\n" + table + b"startxref\n0\n%%EOF\n") == "pdf damaged"
    assert judge(b"%PDF-1.5\n" + table + b"startxref\n9\n%%EOF\n") == "pdf proved"


@pytest.mark.parametrize("miss", [-12, 12])
def test_a_place_missed_by_some_bytes_is_taken_as_viewers_do(judge: Judge, miss: int) -> None:
    at = PDF.index(b"xref")

    missed = PDF.replace(b"startxref\n%d" % at, b"startxref\n%d" % (at + miss))

    assert judge(missed) == "pdf proved"


def test_a_later_version_appended_to_the_first_is_taken(judge: Judge) -> None:
    more = b"5 0 obj\n<< >>\nendobj\n"
    table = len(PDF) + len(more)
    more += b"xref\n5 1\n%010d 00000 n \ntrailer\n<< /Size 6 /Root 1 0 R >>\n" % len(PDF)

    assert judge(PDF + more + b"startxref\n%d\n%%%%EOF\n" % table) == "pdf proved"
