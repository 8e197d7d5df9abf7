"""XML: data, well formed to its end, read without entities, network or much memory."""

import socket
import tracemalloc
from pathlib import Path

import pytest

from shared.media.formats import xml
from shared.media.formats.format import Verdict
from shared.media.formats.xml import prove_xml
from tests import media_files
from tests.unit.media.conftest import Judge

XML = media_files.small_xml()
XHTML = "http://www.w3.org/1999/xhtml"
INVOICE = "<?xml version='1.0' encoding='{}'?><factura><señor>ñandú</señor></factura>"


@pytest.mark.parametrize(
    "encoding", ["UTF-8", "utf-16", "ISO-8859-1", "windows-1252", "ISO-8859-15"]
)
def test_a_document_is_read_in_its_own_encoding(judge: Judge, encoding: str) -> None:
    assert judge(INVOICE.format(encoding).encode(encoding)) == "xml proved"


def test_a_byte_that_the_encoding_does_not_have_is_damage(judge: Judge) -> None:
    assert judge(INVOICE.format("UTF-8").encode("latin-1")) == "xml damaged"


@pytest.mark.parametrize("encoding", ["EUC-JP", "unicode_escape", "rot13", "nothing-known", "hex"])
def test_an_encoding_that_we_do_not_read_is_not_taken(judge: Judge, encoding: str) -> None:
    assert judge(INVOICE.format(encoding).replace("ñ", "n").encode("ascii", "replace")) == "other"


@pytest.mark.parametrize(
    "begin",
    [b"", b"\xef\xbb\xbf", b"<!-- un comentario -->", b"<!DOCTYPE a>",
     b'<!DOCTYPE a SYSTEM "https://192.0.2.1/a.dtd">',
     b'<?xml-stylesheet type="text/xsl" href="factura.xsl"?>'],
)  # fmt: skip
def test_what_may_stand_before_the_root_is_taken(judge: Judge, begin: bytes) -> None:
    assert judge(begin + b"<a/>") == "xml proved"


@pytest.mark.parametrize(
    "inside",
    [b"", b"<!ELEMENT a ANY>", b"<!ATTLIST a b CDATA #IMPLIED>", b"<!-- \xc3\xb1 -->",
     b'<!ATTLIST a b CDATA "said again with every element">', b'<!NOTATION gif PUBLIC "gif">'],
    ids=["nothing", "element", "attribute", "comment", "default", "notation"],
)  # fmt: skip
def test_a_doctype_with_harmless_declarations_is_taken(judge: Judge, inside: bytes) -> None:
    assert judge(b"<?xml version='1.0'?><!DOCTYPE a [" + inside + b"]><a/>") == "xml proved"


@pytest.mark.parametrize(
    "inside",
    [b'<!ENTITY x "y">', b'<!ENTITY % x "y">', b'<!ENTITY x SYSTEM "file:///etc/passwd">',
     b'<!ENTITY x PUBLIC "x" "http://192.0.2.1/x">', b'<!ENTITY x SYSTEM "x" NDATA gif>'],
    ids=["entity", "parameter entity", "file", "network", "picture"],
)  # fmt: skip
def test_a_doctype_that_declares_an_entity_is_not_taken(judge: Judge, inside: bytes) -> None:
    assert judge(b"<?xml version='1.0'?><!DOCTYPE a [" + inside + b"]><a/>") == "other"


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE a SYSTEM "https://192.0.2.1/a.dtd"><a>&x;</a>',
        b'<!DOCTYPE a PUBLIC "a" "a.dtd" [<!ELEMENT a ANY>]><a>&x;</a>',
    ],
)
def test_an_entity_that_is_declared_elsewhere_is_not_taken(judge: Judge, document: bytes) -> None:
    assert judge(document) == "other"


@pytest.mark.parametrize(
    "inside",
    [b"<!-- x -->" * 40_000,
     b"<!ATTLIST a " + b" ".join(b"n%d CDATA 'x'" % at for at in range(1_100)) + b">"],
    ids=["long", "attributes"],
)  # fmt: skip
def test_a_doctype_longer_than_any_is_not_taken(judge: Judge, inside: bytes) -> None:
    assert judge(b"<!DOCTYPE a [" + inside + b"]><a/>" + b" " * 100_000) == "other"


def test_defaults_that_every_element_repeats_count_as_elements(judge: Judge) -> None:
    declared = b" ".join(b"n%d CDATA 'x'" % at for at in range(900))
    document = b"<!DOCTYPE a [<!ATTLIST b " + declared + b">]><a>" + b"<b/>" * 10_000 + b"</a>"

    assert judge(document) == "other"
    assert judge(document.replace(b"<b/>" * 10_000, b"<b/>" * 1_000)) == "xml proved"


@pytest.mark.parametrize(
    ("document", "is_taken"),
    [
        ('<a><s:svg xmlns:s="http://www.w3.org/2000/svg"/></a>', True),
        ('<a><s:script xmlns:s="http://www.w3.org/2000/svg"/></a>', False),
        ('<a xmlns:h="http://www.w3.org/1999/xhtml"><b><h:script/></b></a>', False),
        ("<html><body/></html>", False),
        ("<?mso-application progid='Excel.Sheet'?><a/>", False),
        ('<a><h:b xmlns:h="http://www.w3.org/1999/xhtml" class="x">b</h:b></a>', True),
        ('<a><h:b xmlns:h="http://www.w3.org/1999/xhtml" onclick="x()">b</h:b></a>', False),
        ('<a><s:svg xmlns:s="http://www.w3.org/2000/svg" onLoad="x()"/></a>', False),
        ('<a><h:iframe xmlns:h="http://www.w3.org/1999/xhtml" srcdoc="x"/></a>', False),
        (
            f"<!DOCTYPE a [<!ATTLIST b xmlns CDATA '{XHTML}' onclick CDATA 'x()'>]><a><b/></a>",
            False,
        ),
        ('<tecla onclick="0"><script>texto</script></tecla>', True),
        ('<job><script language="VBScript">x</script></job>', False),
        ("<package><job><script>x</script></job></package>", False),
        ("<package><name>x</name></package>", True),
        ('<?xml-stylesheet type="text/xsl" href="https://a.example/a.xsl"?><a/>', True),
        ('<?xml-stylesheet type="text/xsl" href="&#x64;a ta:text/xml,x"?><a/>', False),
        ("<?xml-stylesheet type='text/xsl' href = '#a'?><a/>", False),
    ],
)
def test_what_a_browser_or_office_would_run_is_not_taken(
    judge: Judge, document: str, is_taken: bool
) -> None:
    assert judge(document.encode()) == ("xml proved" if is_taken else "other")


@pytest.mark.parametrize(
    "broken",
    [XML[:-12], XML.replace(b"</texto>", b""), XML + b"<otro/>", XML + b"\0", b"\n" + XML,
     XML.replace(b"<texto>", b"<texto>&nbsp;"), b"<?xml version="],
)  # fmt: skip
def test_a_document_that_is_not_well_formed_is_damaged(judge: Judge, broken: bytes) -> None:
    assert judge(broken) == "xml damaged"


@pytest.mark.parametrize("text", [b"< 3 >", b"a <b>c</b>", b"<", b"<>", b"<!-- only this -->"])
def test_a_text_with_brackets_is_no_document(judge: Judge, text: bytes) -> None:
    assert judge(text) == "other"


@pytest.mark.parametrize(
    "document",
    [b"<a>" * 3_000_000, b'<a b="' + b"x" * 20_000_000 + b'"/>', b"<a><!--" + b"x" * 20_000_000,
     b"<a>" + b"".join(b"<n%d/>" % at for at in range(1_000_000)),
     b"<a>" + b"".join(b'<b xmlns:p%d="u"/>' % at for at in range(500_000))],
    ids=["depth", "attribute", "comment", "names", "prefixes"],
)  # fmt: skip
def test_a_file_made_to_fill_the_memory_is_given_up(tmp_path: Path, document: bytes) -> None:
    path = tmp_path / "bomb.xml"
    path.write_bytes(document)

    tracemalloc.start()
    verdict = prove_xml(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert verdict is Verdict.OTHER
    assert peak < 20_000_000


def test_more_elements_than_are_read_in_seconds_are_given_up(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml, "_MOST_ELEMENTS", 2)

    assert judge(b"<a><b/></a>") == "xml proved"
    assert judge(b"<a><b/><b/></a>") == "other"


def test_nobody_is_asked_for_what_a_document_names(judge: Judge) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        place = f"http://127.0.0.1:{server.getsockname()[1]}/a"
        for document in (
            f'<!DOCTYPE a SYSTEM "{place}.dtd"><a/>',
            f'<!DOCTYPE a [<!ENTITY b SYSTEM "{place}">]><a>&b;</a>',
            f'<!DOCTYPE a [<!ENTITY % b SYSTEM "{place}"> %b;]><a/>',
            f'<?xml-stylesheet href="{place}.xsl"?><a/>',
            f'<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="{place}"/></a>',
        ):
            judge(document.encode())

        with pytest.raises(BlockingIOError):
            server.accept()
