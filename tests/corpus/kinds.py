"""Every kind of file in the corpus, and what must become of it."""

from collections.abc import Iterator

from tests.corpus.disguises import make_broken, make_disguises
from tests.corpus.made import Made, Maker
from tests.corpus.office import (
    make_docx,
    make_office_in_xml,
    make_old_office,
    make_other_office,
    make_pptx,
    make_xlsx,
)
from tests.corpus.others import make_archives, make_programs, make_texts
from tests.corpus.pdf import make_pdf
from tests.corpus.pictures import make_bmp, make_jpg, make_other_pictures, make_png
from tests.corpus.sounds_and_films import (
    make_aac,
    make_amr,
    make_kin_of_mp4,
    make_mp3,
    make_mp4,
    make_oga,
    make_other_films,
    make_other_sounds,
)
from tests.corpus.xml import make_hostile_xml, make_markup, make_xml

MAKERS: tuple[Maker, ...] = (
    make_pdf, make_jpg, make_bmp, make_xml, make_oga, make_mp4,
    make_png, make_docx, make_xlsx, make_pptx, make_old_office,
    make_kin_of_mp4, make_mp3, make_aac, make_amr,
    make_other_office, make_office_in_xml, make_markup, make_hostile_xml,
    make_archives, make_programs, make_texts,
    make_other_pictures, make_other_films, make_other_sounds, make_disguises, make_broken,
)  # fmt: skip

TAKEN = ("pdf", "jpg", "bmp", "xml", "oga", "mp4")
"""What MEDIA_FORMATS names by default (R11)."""


def make_all() -> Iterator[Made]:
    """Give every file, kind after kind."""
    for make in MAKERS:
        yield from make()
