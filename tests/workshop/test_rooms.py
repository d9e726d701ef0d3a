"""The size and the manners of the rooms: a module is one noun and fits on a few pages, a function is one step.

Every module says what it is; every public name has its contract.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "wsyf_scheduler"
MOST_LINES = 300  # of a module
MOST_STEPS = 50  # lines of a function
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Path]:
    """Ours to shape; what Alembic wrote stays as it was written."""
    return sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def public(body: list[ast.stmt], where: str) -> Iterator[tuple[str, ast.ClassDef | Function]]:
    """Public classes and functions, and the public methods of public classes."""
    for node in body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            yield f"{where}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{where}{node.name}.")


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def lines(function: Function) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def test_a_module_fits_on_a_few_pages() -> None:
    sizes = {name(path): path.read_text(encoding="utf-8").count("\n") for path in modules()}
    assert {where: size for where, size in sizes.items() if size > MOST_LINES} == {}


def test_a_function_is_one_step() -> None:
    sizes = {f"{name(path)}:{each.lineno} {each.name}": lines(each) for path in modules() for each in functions(path)}
    assert {where: size for where, size in sizes.items() if size > MOST_STEPS} == {}


def test_a_module_says_what_it_is() -> None:
    assert [name(path) for path in modules() if not ast.get_docstring(tree_of(path))] == []


def test_public_names_say_what_they_promise() -> None:
    silent = [
        f"{name(path)}:{node.lineno} {where}"
        for path in modules()
        for where, node in public(tree_of(path).body, "")
        if not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_room_is_a_lumber_room() -> None:
    parts = {part for path in modules() for part in path.relative_to(PACKAGE).with_suffix("").parts}
    assert parts & NO_NAMES == set()
