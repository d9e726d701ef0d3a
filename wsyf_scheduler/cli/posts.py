"""Whom to telephone about a department today, and which posts stand vacant: light reads for the desk.

Imports core.people, store.glance and the names of posts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES, PLAN_ROLES
from wsyf_scheduler.core.people import Holder, Post, Roster
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reports import naming
from wsyf_scheduler.store.glance import Glance

HOLDERS = """
SELECT role, department, name, email, phone, since, until, deputy, away_since, away_until FROM person
WHERE retired_at IS NULL ORDER BY id
"""
DAYS = ("since", "until", "away_since", "away_until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Who answers for a department: the liaison, the deputy while the liaison is away, or else the convener.

    `phone` and `name` may be empty: of a deputy only the address is known, unless the deputy holds a post too.
    """

    role: str
    name: str
    phone: str
    address: str
    is_deputy: bool = False

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "role": self.role,
            "name": self.name or None,
            "phone": self.phone or None,
            "address": self.address,
            "deputy": self.is_deputy,
        }


def holders(opened: Glance) -> list[Holder]:
    """Everybody who holds, held or will hold a post, as the office has it now."""
    return [_holder(row) for row in opened.rows(HOLDERS)]


def _holder(row: dict[str, Any]) -> Holder:
    for name in DAYS:
        row[name] = date.fromisoformat(row[name]) if row[name] else None
    return Holder(**row)


def contacts(found: Sequence[Holder], department: str, today: date) -> list[Contact]:
    """Whom to call about a department; empty where neither of its posts is held."""
    for role in DEPARTMENT_ROLES:
        held = [each for each in found if (each.role, each.department) == (role, department) and each.holds_on(today)]
        if held:
            return [_contact(each, found, today) for each in held]
    return []


def _contact(holder: Holder, found: Sequence[Holder], today: date) -> Contact:
    if not holder.is_away_on(today):
        return Contact(role=holder.role, name=holder.name, phone=holder.phone, address=holder.email)
    reader = Roster(found, office="").reader_of(Post(holder.role, holder.department), holder.email, today)
    address = reader.address if reader else holder.deputy  # a deputy who is away too is followed on, as letters are
    known = [each for each in found if each.email.casefold() == address.casefold()]
    deputy = max(known, key=lambda each: each.holds_on(today), default=None)
    return Contact(
        role=holder.role,
        name=deputy.name if deputy else "",
        phone=deputy.phone if deputy else "",
        address=address,
        is_deputy=True,
    )


def call(found: Sequence[Contact], *, named: bool) -> str:
    """The telephone, with whose it is where it is not the liaison's; the name where no telephone is known."""
    if not found:
        return _("vacant")
    best = max(found, key=lambda each: bool(each.phone))
    name = f"{best.name} " if best.name and named else ""
    said = f"{name}{best.phone}" if best.phone else best.name or best.address
    return said + whose(best)


def whose(found: Contact) -> str:
    """What to add where it is not the liaison in person."""
    if found.is_deputy:
        return " " + _("(deputy)")
    return "" if found.role == "liaison" else " " + _("({role})").format(role=naming.role(found.role))


def vacant(found: Sequence[Holder], departments: Iterable[str], today: date) -> list[Post]:
    """The posts nobody holds today: of the departments in their order, then of the plan."""
    held = {Post(each.role, each.department) for each in found if each.holds_on(today)}
    posts = [Post(role, department) for department in departments for role in DEPARTMENT_ROLES]
    return [post for post in (*posts, *(Post(role) for role in PLAN_ROLES)) if post not in held]
