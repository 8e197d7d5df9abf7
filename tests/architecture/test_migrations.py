"""Migrations are numbered, and go forward only."""

import re

import pytest

from shared.database.migrate import MIGRATIONS

FILES = sorted(MIGRATIONS.iterdir())
STATEMENTS = [path for path in FILES if path.suffix == ".sql"]


def test_they_are_numbered_without_gaps() -> None:
    numbers = [path.name[:5] for path in FILES]

    assert [path for path in FILES if not re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", path.name)] == []
    assert numbers == [f"{number:04d}_" for number in range(1, len(FILES) + 1)]


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: path.name)
def test_each_ends_with_analyze(path: object) -> None:
    # Without it PostgreSQL plans with the statistics of an empty table.
    (source,) = [one.read_text(encoding="utf-8") for one in FILES if one == path]

    assert source.rstrip().endswith("ANALYZE;")


def test_none_goes_back_or_takes_away_what_old_code_needs() -> None:
    for path in FILES:
        source = re.sub(r"--.*", "", path.read_text(encoding="utf-8")).upper()
        assert ".rollback" not in path.name
        for word in ("DROP TABLE", "DROP COLUMN", "RENAME TO", "RENAME COLUMN", "TRUNCATE"):
            assert word not in source, f"{path.name}: {word}"


def test_a_new_column_has_a_name_of_its_own() -> None:
    """Statements of the version before join tables, and say names that were clear to them."""
    names: dict[str, str] = {}
    for path in STATEMENTS:
        source = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
        for table, column in re.findall(r"ALTER TABLE (\w+) ADD COLUMN (\w+)", source):
            assert names.get(column, table) == table, f"{path.name}: {table}.{column}"
        for table, body in re.findall(
            r"CREATE (?:UNLOGGED )?TABLE (\w+) \((.*?)\n\)", source, re.DOTALL
        ):
            names |= dict.fromkeys(re.findall(r"^    (\w+) ", body, re.MULTILINE), table)
