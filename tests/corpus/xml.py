"""XML by lxml (libxml2), by the standard library, and as administrations and programs write it."""

import io
import plistlib
from collections.abc import Iterator
from itertools import product
from xml.dom.minidom import parseString
from xml.etree import ElementTree as ET

from lxml import etree

from tests.corpus.made import Made

_ENCODINGS = (
    "UTF-8",
    "UTF-16",
    "UTF-16LE",
    "ISO-8859-1",
    "ISO-8859-15",
    "windows-1252",
    "US-ASCII",
)
_NAMESPACE = "http://example.org/tramite"
_WORDPROCESSING = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_FACTURAE = "http://www.facturae.gob.es/formato/Versiones/Facturaev3_2_2.xml"
_ROOTS = {
    "Facturae": f'<fe:Facturae xmlns:fe="{_FACTURAE}"/>',
    "UBL": '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>',
    "SOAP": '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
    "RSS": '<rss version="2.0"><channel><title>BOA</title></channel></rss>',
    "Atom": '<feed xmlns="http://www.w3.org/2005/Atom"><title>BOA</title></feed>',
    "GPX": '<gpx xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="41.6" lon="-0.8"/></gpx>',
    "KML": '<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>',
    "XSD": '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>',
    "XSLT": '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>',
    "SEPA": '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"/>',
    "XAdES": '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>',
    "SAML": '<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"/>',
    "MathML": '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi></math>',
    "Maven": '<project xmlns="http://maven.apache.org/POM/4.0.0"/>',
    "Android": '<manifest xmlns:android="http://schemas.android.com/apk/res/android"/>',
    "a part of a DOCX": f'<w:document xmlns:w="{_WORDPROCESSING}"/>',
    "no namespace": "<datos><persona nif='12345678Z'>María Ñuño</persona></datos>",
    "other letters": "<текст>привет</текст>",
}  # fmt: skip
_BY_MINIDOM = parseString("<a><b c='d'>e</b></a>").toprettyxml().encode()  # noqa: S318  our own text
_AROUND = {
    "bare": "{}",
    "a declaration": '<?xml version="1.0"?>{}',
    "standalone": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{}',
    "a style sheet": '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="factura.xsl"?>{}',
    "comments": "<!-- antes -->{}<!-- después -->",
    "blank lines": "\n\n  {}\n\n",
    "a DOCTYPE": '<!DOCTYPE datos SYSTEM "datos.dtd">{}',
    "a DOCTYPE with declarations": "<!DOCTYPE a [<!ELEMENT a ANY><!ATTLIST a b CDATA '0'>]>{}",
    "a public DOCTYPE": '<!DOCTYPE a PUBLIC "-//CAU//Datos//ES" "http://example.org/a.dtd">{}',
}  # fmt: skip


def make_xml() -> Iterator[Made]:
    """Give XML in all encodings, of many uses, with what may stand around the root."""
    for encoding, pretty in product(_ENCODINGS, (False, True)):
        content = etree.tostring(
            _tree(), xml_declaration=True, encoding=encoding, pretty_print=pretty
        )
        yield Made("xml", f"lxml {encoding} {pretty}", _as_bytes(content))
    for (use, root), (name, around) in product(_ROOTS.items(), _AROUND.items()):
        yield Made("xml", f"{use}, {name}", around.format(root).encode())
    yield Made("xml", "behind a UTF-8 mark", b"\xef\xbb\xbf<?xml version='1.0'?><a/>")
    yield Made("xml", "ElementTree", _by_element_tree())
    yield Made("xml", "minidom", _BY_MINIDOM)
    yield Made("xml", "plistlib", plistlib.dumps({"trámite": [1, 2.5, b"x", True]}))
    yield Made("xml", "CDATA", b"<a><![CDATA[if (1 < 2 && 3 > 2) <b>]]></a>")
    yield Made("xml", "letters by number", b"<a>&#225;&#xe9;&amp;&lt;&quot;</a>")
    yield Made("xml", "many elements", b"<a>" + b"<b c='1'>dato</b>" * 100_000 + b"</a>")
    yield Made("xml", "a picture inside", b"<a><foto>" + b"iVBORw0KGgo=" * 50_000 + b"</foto></a>")
    yield Made("xml", "deep", b"<a>" * 200 + b"</a>" * 200)


def _as_bytes(written: str | bytes) -> bytes:
    assert isinstance(written, bytes)  # a text only where its encoding is `unicode`
    return written


def _tree() -> etree._Element:
    root = etree.Element("{http://example.org/tramite}solicitud", nsmap={"t": _NAMESPACE})
    for number in range(50):
        one = etree.SubElement(root, "{http://example.org/tramite}dato", clave=str(number))
        one.text = "Calle Mayor, nº 7, 2º izqda. (España)"
    root.append(etree.Comment(" fin "))
    return root


def _by_element_tree() -> bytes:
    root = ET.Element("solicitud")
    ET.SubElement(root, "texto", lang="es").text = "¿Cuándo abre el registro?"
    out = io.BytesIO()
    ET.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)
    return out.getvalue()


def make_markup() -> Iterator[Made]:
    """Give what is XML, or looks like it, and is a page or a drawing."""
    page = "<html{}><head><title>x</title></head><body><p>Hola</p></body></html>"
    xhtml = page.format(' xmlns="http://www.w3.org/1999/xhtml"')
    script = '<a><s:script xmlns:s="{}">1</s:script></a>'
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>'
    files = {
        "HTML": "<!DOCTYPE html>" + page.format(""),
        "HTML without a DOCTYPE": page.format(""),
        "HTML that is well formed, with a declaration": '<?xml version="1.0"?>' + page.format(""),
        "XHTML": '<?xml version="1.0"?>' + xhtml,
        "XHTML with a DOCTYPE": '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x">' + xhtml,
        "XHTML by a prefix": '<x:html xmlns:x="http://www.w3.org/1999/xhtml"><x:body/></x:html>',
        "a script of XHTML in data": script.format("http://www.w3.org/1999/xhtml"),
        "a script of SVG in data": script.format("http://www.w3.org/2000/svg"),
        "SVG": svg,
        "SVG with a declaration": '<?xml version="1.0" standalone="no"?>' + svg,
        "SVG with a DOCTYPE": '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">' + svg,
        "SVG by a prefix": '<s:svg xmlns:s="http://www.w3.org/2000/svg"/>',
        "SVG without a namespace": "<svg width='1'><script>alert(1)</script></svg>",
        "XUL": '<window xmlns="http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul"/>',
        "PHP": "<?php system($_GET['a']); ?><a/>",
        "MHTML": "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n",
    }  # fmt: skip
    for name, text in files.items():
        yield Made("markup", name, text.encode())
    yield Made("markup", "XHTML in UTF-16", xhtml.encode("utf-16"))
    yield Made("markup", "SVG in UTF-16", svg.encode("utf-16"))
    yield Made("markup", "HTML behind blanks", b"\r\n\t " + page.format("").encode())


def make_hostile_xml() -> Iterator[Made]:
    """Give XML that asks for entities, for files or for more than there is."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    files = {
        "a billion laughs": f'<!DOCTYPE a [<!ENTITY l0 "ja">{laughs}]><a>&l9;</a>',
        "quadratic": f'<!DOCTYPE a [<!ENTITY b "{"x" * 50_000}">]><a>{"&b;" * 5_000}</a>',
        "a file of the host": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "an address": '<!DOCTYPE a [<!ENTITY b SYSTEM "http://127.0.0.1:9/">]><a>&b;</a>',
        "a parameter entity": '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:9/"> %b;]><a/>',
        "one harmless entity": '<!DOCTYPE a [<!ENTITY autor "CAU">]><a>&autor;</a>',
        "an unknown entity": "<a>&nadie;</a>",
        "too deep": "<a>" * 100_000 + "</a>" * 100_000,
    }
    for name, text in files.items():
        yield Made("hostile XML", name, text.encode())
