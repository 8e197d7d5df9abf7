"""The Python files of the repository, parsed once."""

import ast
from functools import cache
from pathlib import Path

from tests.servers import ROOT

OURS = ("services", "shared", "deploy")


@cache
def files(*folders: str) -> tuple[Path, ...]:
    """Give the Python files below the folders, as paths from the top of the repository."""
    return tuple(
        path.relative_to(ROOT)
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "__pycache__" not in path.parts
    )


@cache
def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    """Give every call in a file with the dotted name of what is called."""
    return [
        (dotted(node.func), node) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)
    ]


def dotted(node: ast.expr) -> str:
    """Write `a.b.c`; what is no name or attribute becomes `?`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"


def imported(path: Path) -> set[str]:
    """Give the modules that a file imports, and `module.name` for what it takes from them."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names
