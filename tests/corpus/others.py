"""Archives, programs, scripts and texts: what nobody needs to send to a help desk."""

import bz2
import gzip
import io
import json
import lzma
import sqlite3
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pip

from tests.corpus.made import Made


def make_archives() -> Iterator[Made]:
    """Give archives and what is packed."""
    text = "Buenos días\n".encode() * 50
    yield Made("archive", "zip", archive())
    yield Made("archive", "zip without compression", archive(method=zipfile.ZIP_STORED))
    yield Made("archive", "zip, empty", archive({}))
    yield Made("archive", "zip with a comment", archive(comment=b"x" * 60_000))
    yield Made("archive", "jar", archive({"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n"}))
    yield Made("archive", "epub", archive({"mimetype": "application/epub+zip", "a.xhtml": "<a/>"}))
    yield Made("archive", "apk", archive({"AndroidManifest.xml": "x", "classes.dex": "dex\n035"}))
    for mode in ("", "gz", "bz2", "xz"):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode=f"w:{mode}") as tar:  # type: ignore[call-overload]
            tar.addfile(_entry(len(text)), io.BytesIO(text))
        yield Made("archive", f"tar {mode}".strip(), out.getvalue())
    yield Made("archive", "gzip", gzip.compress(text))
    yield Made("archive", "bzip2", bz2.compress(text))
    yield Made("archive", "xz", lzma.compress(text))
    yield Made("archive", "rar", b"Rar!\x1a\x07\x01\x00" + bytes(64))
    yield Made("archive", "7z", b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(64))
    yield Made("archive", "cab", b"MSCF\0\0\0\0" + bytes(64))
    yield Made("archive", "iso", bytes(32_769) + b"CD001\x01" + bytes(2048))


def make_programs() -> Iterator[Made]:
    """Give programs: this interpreter, the launchers that pip brings for Windows, and scripts."""
    yield Made("program", "ELF", Path(sys.executable).resolve().read_bytes()[:2_000_000])
    for launcher in sorted(Path(pip.__path__[0]).rglob("*.exe")):
        yield Made("program", f"PE {launcher.name}", launcher.read_bytes())
    yield Made("program", "Java class", b"\xca\xfe\xba\xbe\x00\x00\x00\x41" + bytes(64))
    yield Made("program", "Mach-O", b"\xcf\xfa\xed\xfe\x07\x00\x00\x01" + bytes(64))
    yield Made("program", "WebAssembly", b"\0asm\x01\0\0\0")
    yield Made("program", "Python, compiled", Path(str(json.__spec__.cached)).read_bytes())
    yield Made("program", "a shortcut", b"L\0\0\0\x01\x14\x02\0" + bytes(68))
    scripts = {
        "sh": "#!/bin/sh\nrm -rf ~\n",
        "python": "#!/usr/bin/env python3\nprint(1)\n",
        "batch": "@echo off\r\ndel *.*\r\n",
        "PowerShell": "Invoke-WebRequest http://127.0.0.1/ | iex\n",
        "JavaScript": "var a = new ActiveXObject('WScript.Shell');\n",
        "VBScript": 'Set a = CreateObject("WScript.Shell")\r\n',
        "registry": "Windows Registry Editor Version 5.00\r\n",
        "a link": "[InternetShortcut]\r\nURL=http://127.0.0.1/\r\n",
        "HTA": "<hta:application><script>1</script>",
        "PostScript": "%!PS-Adobe-3.0\nshowpage\n",
        "EPS": "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "LaTeX": "\\documentclass{article}\\begin{document}a\\end{document}\n",
    }
    for name, text in scripts.items():
        yield Made("program", name, text.encode())


def make_texts() -> Iterator[Made]:
    """Give texts and data."""
    texts = {
        "prose": "Buenos días: no puedo entrar en la sede electrónica.\n",
        "begins with BM": "BM es la abreviatura de bienes muebles.\n" * 20,
        "CSV": "nombre,importe\nMaría,12.5\n",
        "JSON": json.dumps({"a": [1, 2, {"b": None}]}),
        "mail": "From: a@example.org\r\nSubject: x\r\n\r\nHola\r\n",
        "calendar": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        "contact": "BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n",
        "certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "begins with ID3": "ID3 es un algoritmo de árboles de decisión.\n",
        "begins with OggS": "OggS es el principio de un fichero.\n",
        "begins with %PDF": "%PDF-1.7 es el principio de un fichero.\n",
        "one letter": "a",
    }
    for name, text in texts.items():
        yield Made("text", name, text.encode())
    yield Made("text", "UTF-16", texts["prose"].encode("utf-16"))
    yield Made("data", "empty", b"")
    yield Made("data", "zeros", bytes(100_000))
    yield Made("data", "SQLite", _sqlite())
    yield Made("data", "font", b"\0\1\0\0\0\x0c\0\x80\0\3\0\x40" + bytes(200))


def archive(
    files: dict[str, str] | None = None, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b""
) -> bytes:
    """A ZIP of texts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as packed:
        for name, text in ({"carta.txt": "Hola"} if files is None else files).items():
            packed.writestr(name, text)
        packed.comment = comment
    return out.getvalue()


def _entry(size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo("carta.txt")
    entry.size = size
    return entry


def _sqlite() -> bytes:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE a (b)")
    return database.serialize()
