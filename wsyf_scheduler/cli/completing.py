"""Words for the shell, which asks at every Tab: keys and ids, departments, periods, plans.

Of the config only the database and the office's plan are read; faults are left to commands. Light: the standard
library and the store's glance.
"""

from __future__ import annotations

import os
import tomllib
from typing import Any

from wsyf_scheduler.store.glance import quick, short_names

MOST = 200
DEFAULT = "sqlite:///data/wsyf.db"
ALL = "all"
END = "\U0010ffff"
KEYS = """
SELECT key, title FROM assignment WHERE key >= ? AND key < ? AND (? = '' OR plan_id = ?) ORDER BY key LIMIT ?
"""
IDS = """
SELECT CAST(id AS TEXT), key || ' ' || title FROM assignment
WHERE CAST(id AS TEXT) LIKE ? || '%' AND (? = '' OR plan_id = ?) ORDER BY id LIMIT ?
"""
PERIODS = """
SELECT period, MIN(due_on) || ' - ' || MAX(due_on) FROM assignment
WHERE period >= ? AND period < ? AND (? = '' OR plan_id = ?) GROUP BY period ORDER BY period
"""
PLANS = "SELECT plan_id, title FROM plan_version WHERE plan_id >= ? AND plan_id < ? ORDER BY version"
Words = list[tuple[str, str]]


def keys(config: str | None, prefix: str, plan: str | None = None) -> Words:
    """Keys that begin with a prefix, with their titles, and ids where it is digits; none where there is no office."""
    path, named = _office(config)
    wanted = _wanted(plan, named)
    found = quick(path, KEYS, (prefix, prefix + END, wanted, wanted, MOST))
    if prefix.isdecimal():
        found += quick(path, IDS, (prefix, wanted, wanted, MOST))
    return found


def departments(config: str | None, prefix: str, plan: str | None = None) -> Words:
    """Departments whose id begins with a prefix, with their short names; short names where one of them begins so."""
    path, named = _office(config)
    names = short_names(path, _wanted(plan, named))
    ids = [(name, short) for name, short in names.items() if name.startswith(prefix)]
    return ids or [(short, name) for name, short in names.items() if short.startswith(prefix)]


def periods(config: str | None, prefix: str, plan: str | None = None) -> Words:
    """Periods that begin with a prefix, with the first and last due day."""
    path, named = _office(config)
    wanted = _wanted(plan, named)
    return quick(path, PERIODS, (prefix, prefix + END, wanted, wanted))


def plans(config: str | None, prefix: str) -> Words:
    """Plans that begin with a prefix, with their titles, and `all`."""
    found = dict(quick(_office(config)[0], PLANS, (prefix, prefix + END)))
    return [*found.items(), *([(ALL, "")] if ALL.startswith(prefix) else [])]


def _wanted(plan: str | None, named: str) -> str:
    """The plan asked for: the option, the environment, the config; empty for all."""
    wanted = plan or os.environ.get("WSYF_PLAN") or named
    return "" if wanted == ALL else wanted


def _office(config: str | None) -> tuple[str, str]:
    """Where the database lies, and the plan the config names; a path of nothing where there is no office."""
    try:
        path = _config(config)
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib would take longer than all of this
            read: dict[str, Any] = tomllib.load(file)
        url = str(read.get("database", {}).get("url", DEFAULT))
        plan = str(read.get("office", {}).get("plan", ""))
    except (OSError, ValueError, AttributeError):
        return "", ""
    return f"{path.rpartition('/')[0] or '.'}/{url.removeprefix('sqlite:///')}", plan


def _config(given: str | None) -> str:
    """The config file in the order of config.find."""
    named = given or os.environ.get("WSYF_CONFIG")
    if named:
        return f"{named}/config.toml" if os.path.isdir(named) else named  # noqa: PTH112 - as above
    return "config.toml" if os.access("config.toml", os.F_OK) else "/etc/wsyf/config.toml"
