"""The import contract: which room may import which, and which library belongs to whom (docs/architecture.md).

Read from the source with ast, function bodies and type-only imports included: what is imported late is imported all
the same.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "wsyf_scheduler"
NAME = PACKAGE.name

# A room is a module or folder directly below the package; what it may import, room by room, from the ground up.
GROUND = frozenset({"errors", "i18n"})
EDGE = frozenset({"core", "reading", "values"}) | GROUND
OFFICE = frozenset({"config", "files", "store", "mail", "clock", "share"}) | EDGE
ROOMS: dict[str, frozenset[str]] = {
    "__init__": frozenset(),
    "core": frozenset(),
    "errors": frozenset({"i18n"}),
    "clock": frozenset(),
    "i18n": frozenset(),
    "share": frozenset(),
    "lines": frozenset(),
    "log": frozenset(),
    "values": GROUND,
    "reading": GROUND | {"lines", "values"},
    "rungs": EDGE,
    "config": EDGE | {"rungs"},
    "files": EDGE,
    "store": frozenset({"core"}) | GROUND,
    "mail": frozenset({"core"}) | GROUND,
    "pulse": frozenset({"store"}) | GROUND,
    "alerts": frozenset({"core", "mail", "store"}) | GROUND,
    "processes": frozenset(),
    "app": OFFICE | {"processes"},
    "calling": OFFICE,
    "pinging": OFFICE | {"app"},
    "finding": OFFICE,
    "whom": EDGE | {"files"},
    "opening": OFFICE | {"app", "pulse"},
    "telling": OFFICE | {"app", "alerts"},
    "changing": OFFICE | {"app"},
    "digesting": OFFICE | {"app", "alerts"},
    "figuring": OFFICE,
    "reaching": OFFICE | {"figuring"},
    "forming": OFFICE | {"app", "figuring", "finding"},
    "enveloping": OFFICE | {"app", "forming"},
    "handing": OFFICE | {"app", "alerts"},
    "awaiting": OFFICE,
    "drafting": OFFICE | {"app", "awaiting", "digesting", "enveloping", "handing"},
    "staleness": OFFICE,
    "following": OFFICE | {"app", "staleness", "telling"},
    "settling": OFFICE | {"app", "alerts", "processes", "telling"},
    "preparing": OFFICE | {"app", "alerts", "drafting", "handing", "settling", "staleness", "telling"},
    "picking": frozenset({"core", "store"}) | GROUND,
}
ROOMS["audit"] = OFFICE | {"app"}
ROOMS["replanning"] = OFFICE | {"app", "audit"}
BELOW_ACTS = frozenset(ROOMS) - {"__init__"}
ROOMS["acts"] = BELOW_ACTS
ROOMS["ticks"] = BELOW_ACTS
ROOMS["reports"] = BELOW_ACTS
ROOMS["papers"] = BELOW_ACTS | {"reports"}
ROOMS["rounds"] = BELOW_ACTS | {"ticks"}
ROOMS["daemon"] = BELOW_ACTS | {"rounds", "ticks"}
ROOMS["rehearsal"] = BELOW_ACTS | {"acts", "ticks"}
ROOMS["demo"] = BELOW_ACTS | {"acts", "ticks", "rehearsal"}
ROOMS["cli"] = frozenset(ROOMS)

# Rooms whose modules do not know each other: an act is one verb, a tick one thing.
STRANGERS = ("acts", "ticks")

# Who may import a library; a prefix with a dot at its end stands for all modules of a room.
OWNERS: dict[str, tuple[str, ...]] = {
    "aiosmtpd": ("demo.server",),
    "aiosmtplib": ("mail.dialing",),
    "alembic": ("store.upgrade", "store.migrations."),
    "apscheduler": ("daemon",),
    "chinese_calendar": ("files.holidays",),
    "click": ("cli", "cli."),
    "dateutil": ("files.",),
    "holidays": ("files.holidays",),
    "icalendar": ("mail.ics",),
    "docx": ("papers.word",),
    "docxtpl": ("papers.word",),
    "jinja2": ("mail.letters", "mail.sandbox", "papers.word", "reports."),
    "lxml": ("papers.word",),
    "matplotlib": ("papers.pictures",),
    "python_calamine": ("files.opening_sheets",),
    "rich": ("cli.", "demo."),
    "sqlalchemy": ("store.",),
    "sqlmodel": ("store.",),
    "xlsxwriter": ("files.", "papers.", "reports."),
    # of the standard library
    "asyncio": ("mail.smtp", "mail.dialing", "mail.wire", "mail.lanes", "demo.server"),
    "gettext": ("i18n",),
    "sqlite3": ("store.",),
    "smtplib": (),
    "tomllib": ("reading", "config", "files.", "store.glance", "cli.completing"),
}

# What would make the core's answer depend on more than its input.
IMPURE = {"logging", "os", "pathlib", "random", "secrets", "socket", "sqlite3", "subprocess", "threading", "time"}

# What reads the machine's clock; `wsyf_scheduler.clock` does it once, and `now` is passed down from there.
CLOCK_READS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "localtime", "gmtime"},
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)


def dotted(path: Path) -> str:
    """`wsyf_scheduler/mail/smtp.py` -> `mail.smtp`; a folder's own module -> `mail`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    return module.partition(".")[0]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> tuple[tuple[str, int], ...]:
    """Every imported name with its line: `os.path`, `wsyf_scheduler.mail.smtp`, a module's attribute included."""
    return tuple(_imports(tree_of(path)))


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}: say the whole name"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def ours(path: Path) -> Iterator[tuple[str, int]]:
    """What a module imports of our own, as `mail.smtp.SmtpMailer`, with the line; `__version__` belongs to no room."""
    for name, line in imports(path):
        head, _dot, rest = name.partition(".")
        if head == NAME and rest and not rest.startswith("__"):
            yield rest, line


def is_owner(module: str, owners: tuple[str, ...]) -> bool:
    return any(module.startswith(owner) if owner.endswith(".") else module == owner for owner in owners)


def place(path: Path, line: int, what: str) -> str:
    return f"{path.relative_to(ROOT)}:{line}: {what}"


def test_every_room_has_a_place_in_the_house() -> None:
    """A new room gets a line in ROOMS and in docs/architecture.md."""
    found = {room(dotted(path)) for path in modules()}
    assert found - ROOMS.keys() == set()


def test_a_module_imports_only_the_rooms_below_it() -> None:
    breaches = []
    for path in modules():
        here = room(dotted(path))
        allowed = ROOMS.get(here, frozenset()) | {here}
        breaches += [place(path, line, name) for name, line in ours(path) if room(name) not in allowed]
    assert breaches == []


def test_a_library_is_imported_by_its_owner_alone() -> None:
    breaches = []
    for path in modules():
        here = dotted(path)
        breaches += [
            place(path, line, name)
            for name, line in imports(path)
            if not is_owner(here, OWNERS.get(name.partition(".")[0], (here,)))
        ]
    assert breaches == []


def test_the_core_imports_the_standard_library_and_itself_alone() -> None:
    """No database, no network, no logger, no clock: the same input, the same answer."""
    core = [path for path in modules() if room(dotted(path)) == "core"]
    found = {(name.partition(".")[0], dotted(path)) for path in core for name, _line in imports(path)}
    assert {(top, where) for top, where in found if top not in sys.stdlib_module_names and top != NAME} == set()
    assert {(top, where) for top, where in found if top in IMPURE} == set()


def test_no_act_imports_another_act_and_no_tick_another_tick() -> None:
    breaches = []
    for path in modules():
        here = room(dotted(path))
        if here in STRANGERS:
            breaches += [place(path, line, name) for name, line in ours(path) if room(name) == here]
    assert breaches == []


def test_rooms_do_not_import_each_other_in_a_circle() -> None:
    """Above the table: even what ROOMS allows must lie in layers."""
    below: dict[str, set[str]] = {}
    for path in modules():
        here = room(dotted(path))
        below.setdefault(here, set()).update(room(name) for name, _line in ours(path) if room(name) != here)
    while free := {name for name, wanted in below.items() if not wanted & below.keys()}:
        below = {name: wanted for name, wanted in below.items() if name not in free}
    assert below == {}


def test_async_stands_only_where_smtp_is_spoken() -> None:
    """Sync everywhere else, so that a tick can be read from top to bottom."""
    breaches = [
        place(path, node.lineno, "async")
        for path in modules()
        if not is_owner(dotted(path), OWNERS["asyncio"])
        for node in ast.walk(tree_of(path))
        if isinstance(node, (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await))
    ]
    assert breaches == []


def test_the_clock_is_read_in_one_place() -> None:
    breaches = []
    for path in modules():
        if dotted(path) != "clock":
            nodes = [node for node in ast.walk(tree_of(path)) if _reads_clock(node)]
            breaches += [place(path, node.lineno, ast.unparse(node)) for node in nodes]
            breaches += [place(path, line, name) for name, line in imports(path) if _is_clock_function(name)]
    assert breaches == []


def _reads_clock(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """`datetime.now`, `datetime.datetime.now`, `date.today`, `time.time`: by the last two names."""
    if not isinstance(node, ast.Attribute):
        return False
    owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    return node.attr in CLOCK_READS.get(owner, ())


def _is_clock_function(name: str) -> bool:
    module, _dot, function = name.rpartition(".")
    return module == "time" and function in CLOCK_READS["time"]
