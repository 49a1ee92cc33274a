"""Our own source, parsed once, for the tests of the house."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = ("inbox", "connectors", "analytics", "config")


@dataclass(frozen=True)
class Module:
    path: str  # from the root, with slashes
    tree: ast.Module
    lines: int


def parsed(path: str, text: str) -> Module:
    return Module(path, ast.parse(text), text.count("\n"))


@cache
def modules(*packages: str) -> tuple[Module, ...]:
    return tuple(
        parsed(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for package in packages or OURS
        for path in sorted((ROOT / package).rglob("*.py"))
    )


def is_migration(module: Module) -> bool:
    return "/migrations/" in module.path


def names_used(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every dotted name as it is written, wherever it stands: called, decorating, or handed on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (name := dotted(node)):
            yield name, node.lineno


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else f"().{node.attr}"
    return ""


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every imported module, with the names taken from it as if they were modules too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
