"""Alerts to the coordinator, in words: each a headline, lines, and a key so that it is said once.

What concerns the whole office goes to the coordinator of the plan it is given, in that plan's zone. Imports core, mail
and the values of store.
"""

from __future__ import annotations

from wsyf_scheduler.alerts.office import (
    HOOK,
    audit,
    backup_failed,
    blast,
    held,
    hook_failed,
    login_refused,
    paused,
    templates,
    trail_broken,
    year_in_doubt,
)
from wsyf_scheduler.alerts.people import refused_address, spent, undelivered, vacancy
from wsyf_scheduler.alerts.words import POSTS, Alert, post_name

__all__ = [
    "HOOK",
    "POSTS",
    "Alert",
    "audit",
    "backup_failed",
    "blast",
    "held",
    "hook_failed",
    "login_refused",
    "paused",
    "post_name",
    "refused_address",
    "spent",
    "templates",
    "trail_broken",
    "undelivered",
    "vacancy",
    "year_in_doubt",
]
