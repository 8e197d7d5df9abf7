"""What a file may be besides what it was proved to be."""

import io
import struct

import pytest

from shared.media.formats.disguise import begins_as_another, ends_as_zip
from tests import media_files

ZIP = media_files.zip_of({"a.txt": b"a"})


def _end(entries: int, length: int, offset: int = 0) -> bytes:
    return b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, entries, entries, length, offset, 0)


@pytest.mark.parametrize(
    "data",
    [b"<script>", b"\xef\xbb\xbf\r\n<HTML>", b"MZ\x90", b"#!/bin/sh", b"GIF89a", b"PK\x03\x04"],
)
def test_the_beginning_of_another_file_is_recognised(data: bytes) -> None:
    assert begins_as_another(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n", b"P1 y P2", b"\x01\x02\x03\x04ftypmp42", b"Content-Type: application/pdf"],
    ids=["nothing", "line", "two letters", "a signature further on", "a head of a letter"],
)
def test_what_begins_no_other_file_is_passed_over(data: bytes) -> None:
    assert not begins_as_another(data)


@pytest.mark.parametrize(
    "data",
    [ZIP, b"before" + ZIP, ZIP + b"behind", ZIP + _end(3, 5), _end(0, 0), _end(1, 0xFFFFFFFF),
     ZIP[:-22] + _end(1, 7, ZIP.index(b"PK\x01\x02"))],
    ids=["alone", "behind", "comment", "before a false end", "empty", "ZIP64", "false length"],
)  # fmt: skip
def test_what_a_program_for_archives_opens_is_an_archive(data: bytes) -> None:
    assert ends_as_zip(io.BytesIO(data))


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x05\x06", ZIP[:-1], b"x" * 100 + _end(1, 50), _end(1, 50), ZIP + bytes(66_000)],
    ids=["nothing", "no record", "cut", "no entries there", "before the file", "too far"],
)
def test_a_mark_that_leads_to_no_entries_is_no_archive(data: bytes) -> None:
    assert not ends_as_zip(io.BytesIO(data))
