"""Keys for the shell, which asks at every Tab: of the config only the database is read, faults are left to commands.

Light: the standard library and the store's glance.
"""

from __future__ import annotations

import os
import tomllib

from wsyf_scheduler.store.glance import titles

MOST = 200
DEFAULT = "sqlite:///data/wsyf.db"


def keys(config: str | None, prefix: str) -> list[tuple[str, str]]:
    """Keys that begin with a prefix, with their titles; none where there is no office, or one with faults."""
    try:
        path = _config(config)
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib would take longer than all of this
            url = str(tomllib.load(file).get("database", {}).get("url", DEFAULT))
    except (OSError, ValueError, AttributeError):
        return []
    return titles(f"{path.rpartition('/')[0] or '.'}/{url.removeprefix('sqlite:///')}", prefix, MOST)


def _config(given: str | None) -> str:
    """The config file in the order of config.find."""
    named = given or os.environ.get("WSYF_CONFIG")
    if named:
        return f"{named}/config.toml" if os.path.isdir(named) else named  # noqa: PTH112 - as above
    return "config.toml" if os.access("config.toml", os.F_OK) else "/etc/wsyf/config.toml"
