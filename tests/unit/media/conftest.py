"""Judge bytes as a file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.media.formats.registry import choose_formats
from shared.media.judge_file import Judged, judge_file

Judge = Callable[..., str]

# What MEDIA_FORMATS names by default.
TAKEN = choose_formats(["pdf", "jpg", "bmp", "xml", "oga", "mp4"])


def in_words(judged: Judged) -> str:
    """Write `pdf proved`, `pdf damaged` or `other`."""
    return f"{judged.format.name} {judged.verdict}" if judged.format else str(judged.verdict)


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Judge bytes under a name, with the formats of R11 allowed."""

    def judge_bytes(data: bytes, name: str = "file") -> str:
        path = tmp_path / name
        path.write_bytes(data)
        return in_words(judge_file(path, TAKEN))

    return judge_bytes
