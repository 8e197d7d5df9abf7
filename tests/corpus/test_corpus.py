"""R11 over the whole corpus: what is refused is never taken, what is genuine nearly always."""

from collections.abc import Mapping, Sequence

import pytest

from shared.media.formats.format import Verdict
from shared.media.formats.registry import RECEIVED_FORMATS, choose_formats
from tests.corpus.judge_corpus import FEWEST_TAKEN, Line, judge_corpus, share_taken
from tests.corpus.kinds import TAKEN, make_all
from tests.corpus.made import Made


@pytest.fixture(scope="module")
def files() -> Sequence[Made]:
    return list(make_all())


@pytest.fixture(scope="module")
def lines(files: Sequence[Made]) -> Mapping[str, Line]:
    return judge_corpus(files, choose_formats(TAKEN))


def test_nothing_that_must_be_refused_is_taken(lines: Mapping[str, Line]) -> None:
    assert {kind: line.wrong for kind, line in lines.items() if line.wrong} == {}


@pytest.mark.parametrize("kind", TAKEN)
def test_genuine_files_are_taken(lines: Mapping[str, Line], kind: str) -> None:
    assert lines[kind].verdicts.total() >= 20
    assert share_taken(lines[kind]) >= FEWEST_TAKEN, lines[kind].missed


def test_a_file_that_is_not_whole_is_damaged(lines: Mapping[str, Line]) -> None:
    assert set(lines["broken"].verdicts) == {Verdict.DAMAGED}


@pytest.mark.parametrize("kind", sorted(RECEIVED_FORMATS))
def test_every_format_that_can_be_named_has_examples_and_takes_nothing_else(
    files: Sequence[Made], kind: str
) -> None:
    """To add a format is one file in `shared/media/formats`, and its examples here."""
    lines = judge_corpus(files, choose_formats([kind]))

    assert lines[kind].missed == []
    assert {one: line.wrong for one, line in lines.items() if line.wrong} == {}
