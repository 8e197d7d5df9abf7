"""What citizens read can be edited, and a mistake is told with its file and line."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.config import DEFAULT_TEXTS_FILE
from shared.texts import LONGEST_TEXT, InvalidTextsError, UntakenFile, read_texts

GOOD = '''# head
opening = "Ticket {ticket}"
closing = """
Cerrado {ticket}: \\
quedan {grace}"""
reopened = "Otra vez {ticket}"
grace_minutes = "{count} minutos"
grace_seconds = "{count} segundos"
refused = """{ticket}
{files}
{formats}"""
refused_file = "{file}: {reason}"
more_files = "y {count} más"
reason_format = "formato"
reason_damaged = "dañado"
reason_too_large = "grande"
reason_malware = "virus"
reason_unavailable = "no está"
unnamed_image = "una imagen"
unnamed_video = "un vídeo"
unnamed_audio = "un audio"
unnamed_document = "un documento"
'''
LINES = GOOD.count("\n")


def _read(folder: Path, source: str | bytes) -> str:
    """Give the error's text without the folder."""
    path = folder / "texts.toml"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    with pytest.raises(InvalidTextsError) as caught:
        read_texts(path)
    assert str(path) in str(caught.value), "names the file"
    return str(caught.value).replace(str(path), "texts.toml")


def test_the_texts_of_the_repository_are_right() -> None:
    texts = read_texts(DEFAULT_TEXTS_FILE)

    assert "2026-000123" in texts.opening("2026-000123")
    assert "2026-000123" in texts.reopened("2026-000123")
    assert "30 minutos" in texts.closing("2026-000123", timedelta(minutes=30))
    assert "{" not in texts.closing("1", timedelta(minutes=30)) + texts.opening("1")


@pytest.mark.parametrize(
    ("grace", "words"),
    [(60, "1 minutos"), (1800, "30 minutos"), (90, "90 segundos"), (5, "5 segundos")],
)
def test_the_grace_is_told_in_minutes_where_it_is_whole_ones(
    tmp_path: Path, grace: int, words: str
) -> None:
    path = tmp_path / "texts.toml"
    path.write_text(GOOD, encoding="utf-8")

    assert read_texts(path).closing("7", timedelta(seconds=grace)) == f"Cerrado 7: quedan {words}"


def test_r11_a_notice_names_files_reasons_and_formats() -> None:
    texts = read_texts(DEFAULT_TEXTS_FILE)
    files = [
        UntakenFile("informe.docx", "document", "format"),
        UntakenFile(None, "image", "damaged"),
        UntakenFile("plano.pdf", "document", "unreachable"),
    ]

    notice = texts.refused("2026-000123", files, ("pdf", "jpg"))

    assert notice.split("\n")[1:4] == [
        "- informe.docx: formato no permitido",
        "- una imagen: está dañado o incompleto",
        "- plano.pdf: no se ha podido descargar; envíelo de nuevo, por favor",
    ]
    assert "2026-000123" in notice
    assert "PDF, JPG" in notice


def test_r11_the_longest_notice_is_still_one_message() -> None:
    texts = read_texts(DEFAULT_TEXTS_FILE)
    files = [UntakenFile("a" * 146 + ".doc", "document", "expired")] * 200

    notice = texts.refused("2026-000123", files, ("pdf",) * 40)

    assert len(notice) <= LONGEST_TEXT
    assert "y 185 más" in notice
    assert ".doc:" in notice


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('opening = "Ticket {ticket}"\n', "", f"texts.toml, line {LINES}: opening is missing"),
        ("{count} segundos", "segundos", "line 8: grace_seconds lacks the placeholder {count}"),
        ("Otra vez {ticket}", "Otra vez", "line 6: reopened lacks the placeholder {ticket}"),
        ("quedan {grace}", "quedan", "line 3: closing lacks the placeholder {grace}"),
        ("quedan {grace}", "{grace} {x}", "line 5: closing has the unknown placeholder {x}"),
        ("Ticket {ticket}", "{ticket} {}", "line 2: opening has the unknown placeholder {}"),
        ("Ticket {ticket}", "{ticket", "line 2: opening: expected '}'"),
        ("Ticket {ticket}", "}", "line 2: opening: Single '}'"),
        ("Ticket {ticket}", "{ticket!r}", "line 2: opening must name its placeholders alone"),
        ("Ticket {ticket}", "{ticket:>9}", "line 2: opening must name its placeholders alone"),
        ('"Ticket {ticket}"', '"  "', "line 2: opening must be a text in quotes and not empty"),
        ('"Ticket {ticket}"', "7", "line 2: opening must be a text in quotes and not empty"),
        ("Ticket", "x" * 4096, "line 2: opening is longer than 4096 characters"),
        ("{files}", "{files}" + "x" * 4000, "line 9: refused and its parts make a notice of up"),
        ("dañado", "x" * 300, "line 9: refused and its parts make a notice of up to"),
        ("más", "x" * 4000, "line 9: refused and its parts make a notice of up to"),
        ("# head", 'greeting = "x"', "line 1: unknown text greeting"),
        ("# head", "closing = 1", "at line 5"),
        ('"Otra vez', "Otra vez", "at line 6"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_and_line(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    assert before in GOOD

    assert message in _read(tmp_path, GOOD.replace(before, after))


def test_a_file_that_is_no_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    source = GOOD.replace("Otra", "Ótra").encode("latin-1")

    assert _read(tmp_path, source) == "texts.toml, line 6: is not UTF-8"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidTextsError, match="cannot be read"):
        read_texts(tmp_path)
