"""`wsyf people list / import`: posts and who holds them; the database is the truth, a file is only imported."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from wsyf_scheduler.cli.office import Office, json_option, login_name, pass_office
from wsyf_scheduler.cli.output import print_json, table
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES, PLAN_ROLES
from wsyf_scheduler.core.people import Holder, Post, Roster
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reports import recorded


@click.group(help=_("Posts and who holds them, from when to when."))
def people() -> None:
    """People."""


@people.command("list", help=_("Who holds which post today; vacant posts are named."))
@json_option
@pass_office
def list_(office: Office, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Print the holders."""
    from wsyf_scheduler.cli.listing import today_of

    with office.glance() as opened:
        today, names = today_of(office, opened), opened.departments()
        holders = recorded.holders(opened)
    names = names or departments_of(office)
    if as_json:
        print_json([_plain(holder, today) for holder in holders])
        return
    _print(holders, today, names)


def _plain(holder: Holder, today: date) -> dict[str, object]:
    return {
        "role": holder.role,
        "department": holder.department or None,
        "name": holder.name,
        "email": holder.email,
        "phone": holder.phone or None,
        "since": holder.since.isoformat() if holder.since else None,
        "until": holder.until.isoformat() if holder.until else None,
        "holds_today": holder.holds_on(today),
    }


def _print(holders: list[Holder], today: date, names: dict[str, str]) -> None:
    present = [each for each in holders if each.until is None or each.until >= today]
    rows = [
        (role_name(each.role), names.get(each.department, each.department), each.name, each.email) for each in present
    ]
    terms = [_term(each) for each in present]
    headers = (_("post"), _("dept."), _("name"), _("address"))
    if any(terms):
        rows_with_terms = [(*row, term) for row, term in zip(rows, terms, strict=True)]
        table((*headers, _("from – to")), rows_with_terms, keep=(0, 1))
    elif rows:
        table(headers, rows, keep=(0, 1, 3))
    for line in vacancies(holders, today, names):
        click.secho(line, fg="yellow")


def _term(holder: Holder) -> str:
    return f"{holder.since or ''} – {holder.until or ''}" if holder.since or holder.until else ""


def role_name(role: str) -> str:
    """A post's name."""
    names = {
        "liaison": _("liaison"),
        "convener": _("convener"),
        "director": _("office director"),
        "chief": _("chief convener"),
        "coordinator": _("coordinator"),
    }
    return names.get(role, role)


def vacancies(holders: list[Holder], today: date, names: dict[str, str]) -> list[str]:
    """A warning for each post nobody holds today."""
    roster = Roster(holders, office="")
    posts = [Post(role, department) for department in names for role in DEPARTMENT_ROLES]
    posts += [Post(role) for role in PLAN_ROLES]
    return [
        _("vacant: {post} {department}")
        .format(post=role_name(post.role), department=names.get(post.department, ""))
        .rstrip()
        for post in posts
        if not roster.of(post, today)
    ]


@people.command("import", help=_("Enter the holders of a CSV file; of a post it names, those it leaves out are ended."))
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@pass_office
def import_(office: Office, file: Path, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Import a people file."""
    from wsyf_scheduler.acts import staff
    from wsyf_scheduler.cli.listing import today_of
    from wsyf_scheduler.files import people as people_file

    names = departments_of(office)
    holders = people_file.load(file, names)
    app = office.app(create=True)
    with office.glance() as opened:
        today = today_of(office, opened)
    done = staff.act(app, app.clock.now(), holders=holders, today=today, who=login_name())
    if as_json:
        print_json({"added": done.added, "changed": done.changed, "ended": done.ended, "unchanged": done.unchanged})
        return
    words = _("{added} added, {changed} changed, {ended} ended, {unchanged} as before")
    click.echo(words.format(added=done.added, changed=done.changed, ended=done.ended, unchanged=done.unchanged))
    for line in vacancies(entered(office), today, names):
        click.secho(line, fg="yellow")


def entered(office: Office) -> list[Holder]:
    """The holders the database has; none where there is no database yet."""
    if not office.database_path.exists():
        return []
    with office.glance() as opened:
        return recorded.holders(opened)


def departments_of(office: Office) -> dict[str, str]:
    """Department id to short name over the office's plan files."""
    from wsyf_scheduler.cli.planning import folders

    return {each.id: each.short for _folder, plan in folders(office, None) for each in plan.departments}
