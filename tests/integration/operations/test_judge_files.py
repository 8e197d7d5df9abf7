"""An operator asks what would become of files that lie on this machine."""

from pathlib import Path

import pytest

from tests import media_files
from tests.integration.operations.conftest import Operator


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "carta.docx").write_bytes(media_files.small_pdf())
    (tmp_path / "dos\nlíneas.pdf").write_bytes(media_files.small_docx())
    (tmp_path / "foto.jpg").write_bytes(media_files.small_jpg()[:-2])
    return tmp_path


async def test_each_file_is_judged_by_its_content_whatever_its_name(
    operator: Operator, folder: Path
) -> None:
    answer = await operator("judge", folder)

    assert (answer.code, answer.errors) == (0, "")
    assert answer.text == (
        f"taken    pdf   {folder}/carta.docx\n"
        f"refused  -     {folder}/dos\nlíneas.pdf\n"
        f"damaged  jpg   {folder}/foto.jpg\n"
    )


async def test_a_table_counts_them(operator: Operator, folder: Path) -> None:
    answer = await operator("judge", "--table", folder)

    assert answer.text.splitlines()[-1].split() == ["all", "3", "1", "1", "1", "pdf", "1"]


async def test_a_setting_decides_what_is_taken(operator: Operator, folder: Path) -> None:
    operator.environment["MEDIA_FORMATS"] = "docx"

    answer = await operator("judge", folder / "dos\nlíneas.pdf", folder / "carta.docx")

    assert [line[:14] for line in answer.text.splitlines() if line[:1] in "tr"] == [
        "taken    docx ", "refused  -    ",
    ]  # fmt: skip


async def test_a_file_that_is_not_there_is_named(operator: Operator, folder: Path) -> None:
    answer = await operator("judge", folder / "none")

    assert answer.code == 1
    assert answer.errors == f"operations: there is no {folder}/none\n"
