"""A file's name is the sender's; what it is saved under is ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.agent_desk.name_download import content_disposition, name_download

JPG = ("jpg", "jpeg")


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("foto.jpg", "foto.jpg"),
        ("foto.JPEG", "foto.jpeg"),
        ("foto", "foto.jpg"),
        ("factura.pdf.exe", "factura.pdf.jpg"),
        ("informe v1.2", "informe v1.2.jpg"),
        ("../../etc/passwd", "_.._etc_passwd.jpg"),
        ("C:\\temp\\a.bat", "C__temp_a.jpg"),
        ("gpj\u202egnp.exe", "gpjgnp.jpg"),
        ("a\r\nSet-Cookie: x=1", "a Set-Cookie_ x=1.jpg"),
        ('"; filename="b.exe', "__ filename=_b.jpg"),
        ("cami\u00f3n.jpg", "cami\u00f3n.jpg"),
        ("camio\u0301n.jpg", "cami\u00f3n.jpg"),
        (".htaccess", "htaccess.jpg"),
        ("\ud800", "attachment-7.jpg"),
        ("...", "attachment-7.jpg"),
        ("", "attachment-7.jpg"),
        (None, "attachment-7.jpg"),
        ("CON", "_CON.jpg"),
        ("nul.jpg", "_nul.jpg"),
        ("aux.tar.exe", "_aux.tar.jpg"),
        ("com\u00b9.jpg", "_com\u00b9.jpg"),
        ("LPT9 .x y", "_LPT9 .x y.jpg"),
        ("Contrato.jpg", "Contrato.jpg"),
        ("a\x00b.jpg", "ab.jpg"),
        ("x" * 300 + ".jpg", "x" * 180 + ".jpg"),
        ("\U0001f525" * 100 + ".jpg", "\U0001f525" * 45 + ".jpg"),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_safe(given_name: str | None, name: str) -> None:
    assert name_download(given_name, 7, JPG) == name


def test_old_clients_get_a_name_in_ascii() -> None:
    assert content_disposition("cami\u00f3n \u6c34.jpg") == (
        "attachment; filename=\"camion _.jpg\"; filename*=UTF-8''cami%C3%B3n%20%E6%B0%B4.jpg"
    )


@given(st.one_of(st.none(), st.text(st.characters(), max_size=300)))
def test_no_name_leaves_its_header_or_its_folder(filename: str | None) -> None:
    name = name_download(filename, 7, JPG)
    header = content_disposition(name)

    assert name.endswith((".jpg", ".jpeg"))
    assert len(name.encode()) <= 190
    assert not set(name) & set('/\\:*?"<>|\x00\r\n')
    assert not name.startswith((".", " "))
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
