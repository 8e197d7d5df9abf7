"""XML 1.0, read by expat to its end, without entities and without the network."""

import re
from html import unescape
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from shared.media.formats.format import Format, Verdict

_CHUNK = 64 * 1024
# Against files made to fill the memory: expat keeps a token until its end, every open element and
# every name that it has met.
_LONGEST_TOKEN = 1024 * 1024
_DEEPEST = 1000
_MOST_NAMES = 20_000
_LONGEST_NAME = 2_000
_LONGEST_URI = 1_000
_LONGEST_DOCTYPE = 256 * 1024
_MOST_ATTRIBUTES = 1_000
# Against files made to take long: this many take some seconds.
_MOST_ELEMENTS = 5_000_000

# Also in UTF-16, and behind blanks that XML does not allow there.
_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*<\0?\?\0?x\0?m\0?l")
# Of the others Python's codecs may be anything but the encoding of a text.
_ENCODING = re.compile(
    r"utf-?8|utf-?16(?:le|be)?|(?:us-)?ascii|iso-?8859-?\d{1,2}|latin-?\d|windows-?125\d|cp\d{3,4}"
    r"|koi8-[ru]|macintosh",
    re.IGNORECASE,
)

# Pages, drawings and office documents that are written in XML, by their root. The parts of which a
# DOCX consists are data: no program opens one by itself.
_FOREIGN_ROOTS = (
    "http://www.w3.org/1999/xhtml ",
    "http://www.w3.org/2000/svg ",
    "http://schemas.microsoft.com/office/",
    "http://schemas.microsoft.com/visio/",
    "http://schemas.microsoft.com/project",
    "urn:schemas-microsoft-com:office:",
    "http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul ",
)
_FOREIGN_NAMES = {
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0 document",
    "http://openoffice.org/2000/office document",
    # A page, or a piece of one, without a namespace.
    "html", "svg", "head", "body", "script", "style", "iframe", "div", "span", "ul", "ol", "dl",
    "li", "nav", "table", "details", "dialog", "img", "br", "font", "center", "blockquote",
    "noscript", "textarea", "h1", "h2", "h3", "h4", "h5", "h6",
}  # fmt: skip
# Browsers run these wherever in a document they stand, and what their elements have for events.
_OF_PAGES = ("http://www.w3.org/1999/xhtml ", "http://www.w3.org/2000/svg ")
_RUN = {"script", "iframe", "frame", "object", "embed"}
# Windows runs `script` in these (WSF, SCT).
_SCRIPT_ROOTS = {"job", "package", "component", "scriptlet"}
# A document that brings its own stylesheet, which makes a page of it.
_BROUGHT = ("data:", "javascript:", 'href="#', "href='#")
# `<?mso-application progid="Word.Document"?>` has Windows open the file with Office.
_FOREIGN_INSTRUCTIONS = {"mso-application", "mso-infopathsolution", "php"}


class _NotTakenError(Exception):
    """The document is XML in a use that is not taken."""


class _Reader:
    """Follows one document; its handlers raise what is not taken."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.begun = False
        self._depth = 0
        self._elements = 0
        self._fed = 0
        self._attributes = 0
        self._root = ""
        self._doctype_at: int | None = None
        self.parser.XmlDeclHandler = self._declare
        self.parser.ProcessingInstructionHandler = self._instruct
        self.parser.StartDoctypeDeclHandler = self._begin_doctype
        self.parser.EndDoctypeDeclHandler = self._end_doctype
        self.parser.EntityDeclHandler = self._refuse
        self.parser.SkippedEntityHandler = self._refuse
        self.parser.AttlistDeclHandler = self._declare_attribute
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartNamespaceDeclHandler = self._bind_prefix

    def feed(self, chunk: bytes) -> None:
        self.begun = self.begun or (not self._fed and _DECLARATION.match(chunk) is not None)
        self.parser.Parse(chunk, False)
        self._fed += len(chunk)
        if self._fed - max(self.parser.CurrentByteIndex, 0) > _LONGEST_TOKEN:
            raise _NotTakenError
        if len(self.parser.intern) > _MOST_NAMES or self._attributes > _MOST_ATTRIBUTES:
            raise _NotTakenError
        at = self._doctype_at
        if at is not None and self._fed - at > _LONGEST_DOCTYPE:
            raise _NotTakenError

    def _declare(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and not _ENCODING.fullmatch(encoding):
            raise _NotTakenError

    def _instruct(self, target: str, data: str) -> None:
        if target.lower() in _FOREIGN_INSTRUCTIONS:
            raise _NotTakenError
        # As browsers read an address: without blanks, in any case.
        address = "".join(unescape(data).split()).lower()
        if target == "xml-stylesheet" and any(one in address for one in _BROUGHT):
            raise _NotTakenError

    def _begin_doctype(self, *_: object) -> None:
        self._doctype_at = self.parser.CurrentByteIndex

    def _end_doctype(self) -> None:
        self._doctype_at = None

    def _refuse(self, *_: object) -> None:
        # An entity is repeated wherever it is named, or leads to a file or to the network. One that
        # is named and not declared is declared there, and the text goes on there.
        raise _NotTakenError

    def _declare_attribute(self, *_: object) -> None:
        self._attributes += 1

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth == 0:
            self._check_root(name)
            self._root = name
        if self._is_run(name, attributes):
            raise _NotTakenError
        self.begun = True
        self._depth += 1
        # Expat walks through all declared attributes at each element.
        self._elements += 1 + self._attributes
        too_much = self._depth > _DEEPEST or self._elements > _MOST_ELEMENTS
        if too_much or len(name) > _LONGEST_NAME:
            raise _NotTakenError

    def _check_root(self, name: str) -> None:
        if name.lower() in _FOREIGN_NAMES or name.startswith(_FOREIGN_ROOTS):
            raise _NotTakenError

    def _is_run(self, name: str, attributes: dict[str, str]) -> bool:
        if name.startswith(_OF_PAGES):
            has_event = any(one.lower().startswith("on") for one in attributes)
            return has_event or name.rpartition(" ")[2].lower() in _RUN
        return name == "script" and self._root in _SCRIPT_ROOTS

    def _end(self, _name: str) -> None:
        self._depth -= 1

    def _bind_prefix(self, _prefix: str | None, uri: str | None) -> None:
        # It is written in front of every name that has the prefix.
        if len(uri or "") > _LONGEST_URI:
            raise _NotTakenError


def prove_xml(path: Path) -> Verdict:
    """Prove an XML document: well formed to its end in its own encoding, and data.

    A DOCTYPE is taken, one that declares entities is not; pages, drawings and office documents are
    not. OTHER is also what would need too much memory or time to read.
    """
    with path.open("rb") as file:
        return read_xml(file)


def read_xml(file: BinaryIO) -> Verdict:
    """Prove what an open file holds."""
    reader = _Reader()
    try:
        while chunk := file.read(_CHUNK):
            reader.feed(chunk)
        reader.parser.Parse(b"", True)
    except _NotTakenError:
        return Verdict.OTHER
    except (ValueError, LookupError):
        # An encoding that Python does not know, or of several bytes a character.
        return Verdict.OTHER
    except expat.ExpatError:
        return Verdict.DAMAGED if reader.begun else Verdict.OTHER
    return Verdict.PROVED


FORMATS = (Format("xml", "application/xml", ("xml",), prove_xml, faces={"markup", "web archive"}),)
