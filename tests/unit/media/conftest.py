"""Judge bytes as a file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.media.formats.registry import FORMATS
from shared.media.judge_file import Judged, judge_file

Judge = Callable[..., str]


def in_words(judged: Judged) -> str:
    """Write `pdf proved`, `pdf damaged` or `other`."""
    return f"{judged.format.name} {judged.verdict}" if judged.format else str(judged.verdict)


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Judge bytes under a name, with every format allowed."""

    def judge_bytes(data: bytes, name: str = "file") -> str:
        path = tmp_path / name
        path.write_bytes(data)
        return in_words(judge_file(path, tuple(FORMATS.values())))

    return judge_bytes
