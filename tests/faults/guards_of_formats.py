"""The guards of R11 in what proves a format: each keeps something out that poses as a file."""

from tests.faults.guard import Cut, Guard

_FORMATS = "shared/media/formats/"
_CORPUS = "tests/corpus/test_corpus.py::test_nothing_that_must_be_refused_is_taken"
_BROKEN = "tests/corpus/test_corpus.py::test_a_file_that_is_not_whole_is_damaged"
_CARRIES = "tests/unit/media/test_pdf_carries.py::"
_XML = "tests/unit/media/test_xml.py::"


def _proof(name: str, harm: str, file: str, old: str, new: str, *tests: str) -> Guard:
    return Guard(name, harm, (Cut(_FORMATS + file, old, new),), tests or (_CORPUS,))


GUARDS_OF_FORMATS = (
    Guard(
        "other-faces",
        "a photo that is a DOCX as well is taken",
        (
            Cut(
                "shared/media/judge_file.py",
                "len(proved) == 1 and faces_of(path) <= proved[0].faces",
                "len(proved) == 1",
            ),
        ),
        (_CORPUS,),
    ),
    Guard(
        "one-format-only",
        "a file that is proved twice is taken as the first of both",
        (Cut("shared/media/judge_file.py", "len(proved) == 1 and", "proved and"),),
        ("tests/unit/media/test_judge_file.py::test_a_file_of_two_formats_at_once_is_neither",),
    ),
    _proof(
        "archives-within", "a photo is taken that WinRAR opens as an archive", "disguise.py",
        "any(one in head for one in _ARCHIVES) or _begins_as_tar(head)", "_begins_as_tar(head)",
    ),
    _proof(
        "tar", "a TAR whose first file is a PDF is taken", "disguise.py",
        "any(one in head for one in _ARCHIVES) or _begins_as_tar(head)",
        "any(one in head for one in _ARCHIVES)",
    ),
    _proof(
        "web-archive", "a PDF is taken that Word opens with its macros", "disguise.py",
        '            "web archive": _is_web_archive(head[:_NEAR_WEB_ARCHIVE]),\n', "",
    ),
    _proof(
        "before-a-pdf", "a PDF behind a program is taken", "pdf.py",
        "if begins_as_another(head[: header.start()]):", "if False:",
    ),
    _proof(
        "attached-to-a-pdf", "a DOCX that a PDF carries is taken with it", "pdf.py",
        "Verdict.OTHER if found.carries_refused else Verdict.PROVED", "Verdict.PROVED",
    ),
    _proof(
        "carried-anywhere", "a program that a PDF's page names is taken", "pdf_reader.py",
        "yield from _named_in(reader.get_object(IndirectObject(number, generation, reader)))",
        "yield from ()", _CARRIES + "test_a_program_that_a_pdf_names_anywhere_is_refused_with_it",
    ),
    _proof(
        "carried-in-an-object-stream", "what a compressed PDF carries is not seen", "pdf_reader.py",
        "_NAMES_A_FILE.search(one) for one in", "False for one in",
        _CARRIES + "test_a_program_that_a_pdf_names_anywhere_is_refused_with_it",
    ),
    _proof(
        "carried-behind-a-bomb", "a program hides in a list that is too long", "pdf_reader.py",
        "named=named), True)", "named=named), False)",
        _CARRIES + "test_a_list_of_objects_too_long_to_be_read_hides_nothing",
    ),
    _proof(
        "carried-and-not-read", "what a locked PDF carries is taken unseen", "pdf_reader.py",
        "return Found(carries_refused=named)", "return Found()",
        _CARRIES + "test_what_a_locked_document_carries_is_not_taken",
    ),
    _proof(
        "carried-by-what-is-carried", "a PDF in a PDF carries a program", "pdf_reader.py",
        "depth >= _DEEPEST or read_pdf(BytesIO(data), depth + 1).carries_refused", "False",
        _CARRIES + "test_what_is_refused_by_itself_is_refused_in_a_pdf",
    ),
    _proof(
        "end-of-a-pdf", "a PDF that was cut is taken if pages are found in it", "pdf.py",
        "    if not offset:\n        return Verdict.DAMAGED\n", "", _BROKEN,
    ),
    _proof(
        "behind-a-photo", "a photo with a program behind it is taken", "jpg.py",
        "if begins_as_another(behind):", "if False:",
    ),
    _proof(
        "end-of-a-photo", "a photo that was cut is taken", "jpg.py",
        "            if not _skip_scan(file):\n                return Verdict.DAMAGED\n",
        "            if not _skip_scan(file):\n                return Verdict.PROVED\n",
        _BROKEN,
    ),
    _proof(
        "behind-a-bitmap", "a bitmap with a page behind its pixels is taken", "bmp.py",
        "Verdict.PROVED if _only_zeros(file, end) else Verdict.OTHER", "Verdict.PROVED",
    ),
    _proof(
        "all-pixels", "a bitmap that was cut is taken", "bmp.py",
        "if end > size or not picture.pixels:", "if not picture.pixels:", _BROKEN,
    ),
    _proof(
        "office-in-xml", "a Word 2003 document is taken as XML", "xml.py",
        "if name.lower() in _FOREIGN_NAMES or name.startswith(_FOREIGN_ROOTS):",
        "if name.lower() in _FOREIGN_NAMES:",
    ),
    _proof(
        "pages-in-xml", "an HTML page and Flat ODF are taken as XML", "xml.py",
        "if name.lower() in _FOREIGN_NAMES or name.startswith(_FOREIGN_ROOTS):",
        "if name.startswith(_FOREIGN_ROOTS):",
    ),
    _proof(
        "entities", "a billion laughs are taken", "xml.py",
        "        self.parser.EntityDeclHandler = self._refuse\n", "",
    ),
    _proof(
        "entities-from-elsewhere", "XML is taken of which a part is on the network", "xml.py",
        "        self.parser.SkippedEntityHandler = self._refuse\n", "",
        _XML + "test_an_entity_that_is_declared_elsewhere_is_not_taken",
    ),
    _proof(
        "scripts-in-xml", "XML that a browser runs is taken", "xml.py",
        "        if self._is_run(name, attributes):\n            raise _NotTakenError\n", "",
    ),
    _proof(
        "events-in-xml", "a script in an attribute of XHTML within XML is taken", "xml.py",
        "has_event or name", "name", _XML + "test_what_a_browser_or_office_would_run_is_not_taken",
    ),
    _proof(
        "own-stylesheet", "XML that makes a page of itself is taken", "xml.py",
        'target == "xml-stylesheet" and any(one in address for one in _BROUGHT)', "False",
        _XML + "test_what_a_browser_or_office_would_run_is_not_taken",
    ),
    _proof(
        "office-instruction", "what Windows opens with Office is taken as XML", "xml.py",
        "        self.parser.ProcessingInstructionHandler = self._instruct\n", "",
    ),
    _proof(
        "defaults-in-xml", "defaults of a DOCTYPE keep a prover busy", "xml.py",
        "self._elements += 1 + self._attributes", "self._elements += 1",
        _XML + "test_defaults_that_every_element_repeats_count_as_elements",
    ),
    _proof(
        "longest-doctype", "a DOCTYPE fills the memory of a prover", "xml.py",
        "at is not None and self._fed - at > _LONGEST_DOCTYPE", "False",
        _XML + "test_a_doctype_longer_than_any_is_not_taken",
    ),
    _proof(
        "audio-alone", "a film in Ogg is taken as sound", "oga.py",
        "walk.foreign = not audio and not page.body.startswith(_SKELETON)", "walk.foreign = False",
    ),
    _proof(
        "checksums", "sound with changed bytes is taken", "oga.py",
        "    if _checksum(checked) != stated:\n        return None\n", "",
        "tests/unit/media/test_oga.py::test_one_changed_bit_is_damage",
    ),
    _proof(
        "brands", "QuickTime is taken as MP4", "mp4.py",
        "kind == b\"ftyp\" and brand in brands and", "kind == b\"ftyp\" and",
    ),
    Guard(
        "boxes-to-the-end",
        "an MP4 that was cut is taken",
        (
            Cut(
                _FORMATS + "mp4.py",
                "if length < content or start + length > end:",
                "if length < content:",
            ),
            Cut(_FORMATS + "mp4.py", "return found if start == end else None", "return found"),
        ),
        (_BROKEN,),
    ),
)  # fmt: skip
