"""An agent's words and files as messages."""

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.plan_answer import PlannedMessage, plan_answer

TEXTS = st.none() | st.text(alphabet="ab \n", max_size=40)


def plan(text: str | None, *captions: bool) -> list[PlannedMessage]:
    return plan_answer(text, captions, longest_text=20, longest_caption=5)


def test_words_are_the_caption_of_a_single_file_where_they_fit() -> None:
    assert plan("Hola", True) == [PlannedMessage("Hola", 0)]
    assert plan("🙂🙂", True) == [PlannedMessage("🙂🙂", 0)]
    assert plan("🙂🙂🙂", True) == [PlannedMessage("🙂🙂🙂"), PlannedMessage(None, 0)]


def test_else_they_come_before_the_files() -> None:
    assert plan("Hola", False) == [PlannedMessage("Hola"), PlannedMessage(None, 0)]
    assert plan("Hola", True, True) == [
        PlannedMessage("Hola"), PlannedMessage(None, 0), PlannedMessage(None, 1),
    ]  # fmt: skip
    assert plan("Hola") == [PlannedMessage("Hola")]


def test_without_words_there_are_the_files_alone() -> None:
    assert plan(None, True, False) == plan(" ", True, False)
    assert plan(None, True, False) == [PlannedMessage(None, 0), PlannedMessage(None, 1)]


@given(TEXTS, st.lists(st.booleans(), max_size=4))
def test_each_file_goes_once_in_its_order_and_no_message_is_empty(
    text: str | None, captions: list[bool]
) -> None:
    planned = plan(text, *captions)

    assert [one.file for one in planned if one.file is not None] == list(range(len(captions)))
    assert all(one.text or one.file is not None for one in planned)
    assert all(captions[one.file] for one in planned if one.text and one.file is not None)
    words = "".join(one.text or "" for one in planned)
    assert "".join(words.split()) == "".join((text or "").split())
