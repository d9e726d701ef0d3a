"""Where the packaged files lie: the default config, plan, people, templates and guides. Imports nothing of ours."""

from __future__ import annotations

from pathlib import Path

_INSTALLED = Path(__file__).parent / "share"
SHARE = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parent.parent  # the checkout itself

CONFIG = SHARE / "config.toml"
PEOPLE = SHARE / "people.csv"
JOBS = SHARE / "jobs"
DOCS = SHARE / "docs"
TEMPLATES = SHARE / "templates" / "email"
PAPERS = SHARE / "templates" / "papers"
