"""SQL stands in constants in capitals, right above the functions that use them."""

import ast
import re
from pathlib import Path

from tests.architecture.sources import OURS, files, tree

SQL = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE \w+ SET|UPDATE \w+\s+SET|DELETE FROM|WITH \w+ AS|CREATE|"
    r"ALTER|DROP|TRUNCATE|NOTIFY|LISTEN)\b"
)
# `SELECT 1` asks only whether anybody answers.
ALLOWED = {"SELECT 1"}
# Tools around a database and not code of the system.
ELSEWHERE = {"deploy"}


def _constants(path: Path) -> list[ast.AST]:
    """Give what is assigned to a name in capitals at the top of a file."""
    values: list[ast.AST] = []
    for node in tree(path).body:
        if isinstance(node, ast.Assign):
            targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if targets and all(re.fullmatch(r"_?[A-Z][A-Z0-9_]*", one) for one in targets):
                values += list(ast.walk(node.value))
    return values


def test_no_statement_is_written_outside_a_constant() -> None:
    outside = [
        f"{path}:{node.lineno}: {node.value[:40]!r}"
        for path in files(*OURS)
        if path.parts[0] not in ELSEWHERE
        for node in set(ast.walk(tree(path))) - set(_constants(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if SQL.match(node.value) and node.value not in ALLOWED
    ]

    assert outside == []


def test_no_value_is_put_into_a_statement() -> None:
    # An f-string may join constants at the top of a file; anywhere else it could join a value.
    joined = []
    for path in files("services", "shared"):
        constants = _constants(path)
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.JoinedStr) and not any(node is one for one in constants):
                head = node.values[0] if node.values else None
                if isinstance(head, ast.Constant) and SQL.match(str(head.value)):
                    joined.append(f"{path}:{node.lineno}")

    assert joined == []
