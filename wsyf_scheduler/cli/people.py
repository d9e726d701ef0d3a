"""`wsyf people list / import`: posts and who holds them; what is done about people one by one is in staffing."""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli import people_importing, people_showing, staffing
from wsyf_scheduler.cli.office import DEFAULT_ZONE, Office, dry_run_option, json_option, login_name, pass_office
from wsyf_scheduler.cli.output import nothing_changed, print_json, readable, say, table
from wsyf_scheduler.cli.params import DAY
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES, PLAN_ROLES, ROLES
from wsyf_scheduler.core.people import Holder, Post, Roster, leaving_deputies
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.i18n import _, ngettext
from wsyf_scheduler.reports import recorded

if TYPE_CHECKING:
    from wsyf_scheduler.store.glance import Glance


@click.group(help=_("Posts and who holds them, from when to when."))
def people() -> None:
    """People."""


for _act in (staffing.away, staffing.back, staffing.hand_over, staffing.erase, people_showing.show):
    people.add_command(_act)


@people.command("list", help=_("Who holds which post today; vacant posts are named."))
@click.option("--on", type=DAY, help=_("as it is on another day"))
@click.option("--all", "every", is_flag=True, help=_("past holders too"))
@json_option
@pass_office
def list_(office: Office, on: date | None, every: bool, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Print the holders."""
    from wsyf_scheduler.cli.listing import today_of

    with office.glance() as opened:
        today, names = today_of(office, opened), opened.departments()
        holders, refused = recorded.holders(opened), _refused(opened)
    today, names = on or today, names or departments_of(office)
    if as_json:
        print_json([plain_holder(holder, today, refused) for holder in holders])
        return
    _print([each for each in holders if every or each.until is None or each.until >= today], names)
    _print_marks(holders, today, names, refused)


def plain_holder(holder: Holder, today: date, refused: Container[str]) -> dict[str, object]:
    """An entry for programs; `refused` are addresses in lower case."""
    return {
        "role": holder.role,
        "department": holder.department or None,
        "name": holder.name,
        "email": holder.email,
        "phone": holder.phone or None,
        "since": holder.since.isoformat() if holder.since else None,
        "until": holder.until.isoformat() if holder.until else None,
        "holds_today": holder.holds_on(today),
        "deputy": holder.deputy or None,
        "away_since": holder.away_since.isoformat() if holder.away_since else None,
        "away_until": holder.away_until.isoformat() if holder.away_until else None,
        "refused": holder.email.casefold() in refused,
    }


def _print(holders: list[Holder], names: dict[str, str]) -> None:
    known = list(names)
    ordered = sorted(holders, key=lambda each: _place(each, known))
    rows = [(staffing.post_words(each, names), each.name, shown(each.email), term(each)) for each in ordered]
    headers = (_("post"), _("name"), _("address"), _("from – to"))
    if any(row[-1] for row in rows):
        table(headers, rows, keep=(0, 1, 2), tight=True)
    elif rows:
        table(headers[:-1], [row[:-1] for row in rows], keep=(0, 2))


def _place(holder: Holder, departments: list[str]) -> tuple[int, int]:
    """Departments in the plan's order, each with its posts, then the posts of the plan."""
    found = holder.department in departments
    return departments.index(holder.department) if found else len(departments), ROLES.index(holder.role)


def _refused(opened: Glance) -> dict[str, str]:
    """Addresses a server refused for good, in lower case, and the day since when."""
    rows = opened.rows("SELECT address, since_at FROM refused_address ORDER BY address")
    return {str(row["address"]): str(row["since_at"])[:10] for row in rows}


def _print_marks(holders: list[Holder], today: date, names: dict[str, str], refused: dict[str, str]) -> None:
    """Below the table: who is away and who reads instead, whose address is refused, which posts are vacant."""
    for each in holders:
        ends = each.away_until
        if each.holds_on(today) and each.deputy and (ends is None or ends >= today):
            words = _("{post}: away {since} to {until}, {deputy} reads instead")
            post = staffing.post_words(each, names)
            since, until = each.away_since or "…", ends or "…"
            say(words.format(post=post, since=since, until=until, deputy=shown(each.deputy)), fg="yellow")
        if each.holds_on(today) and each.email.casefold() in refused:
            words = _("{post}: {address} is refused since {day}; when it is mended: wsyf check --mail {address}")
            post, day = staffing.post_words(each, names), refused[each.email.casefold()]
            say(words.format(post=post, address=each.email, day=day), fg="red")
    for line in (*left_deputies(holders, today, names), *vacancies(holders, today, names)):
        say(line, fg="yellow")


def shown(address: str) -> str:
    """An address as people read it; one that was erased is called so."""
    return readable(address)


def term(holder: Holder) -> str:
    """From when to when, short."""
    if holder.since and holder.until:
        return f"{holder.since} – {holder.until}"
    if holder.since:
        return _("since {since}").format(since=holder.since)
    return _("to {until}").format(until=holder.until) if holder.until else ""


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


def left_deputies(holders: list[Holder], today: date, names: dict[str, str]) -> list[str]:
    """A warning for each absence that outlasts the deputy's own posts."""
    words = _(
        "{post}: away until {until}, and the deputy {deputy} leaves every post at the end of {day}; another is entered"
        " with `wsyf people away`"
    )
    return [
        words.format(
            post=staffing.post_words(each, names), until=each.away_until or "…", deputy=shown(each.deputy), day=day
        )
        for each, day in leaving_deputies(holders, today)
    ]


def vacant_rule() -> str:
    """What becomes of letters to a vacant post (RULES.md §3), and what to do."""
    return _(
        "Letters to a vacant post go to the next higher one, its copies are left out;"
        " `wsyf people hand-over POST --to ADDRESS --name NAME` enters somebody."
    )


@people.command(
    "import",
    help=_(
        "Enter the holders of a CSV or XLSX file; of a post it names, those it leaves out are ended. A column the file"
        " does not have stays as it is."
    ),
    short_help=_("enter the holders of a file"),
)
@click.argument("file", type=click.Path(path_type=Path))
@dry_run_option
@json_option
@pass_office
def import_(office: Office, file: Path, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Import a people file."""
    from wsyf_scheduler.acts import staff
    from wsyf_scheduler.cli.listing import today_of
    from wsyf_scheduler.files import people as people_file

    names = departments_of(office)
    known = {each.department: each.department for each in entered(office) if each.department} | names
    sheet = people_file.read(file, known)
    app = office.app(create=True, dry_run=dry_run)
    with office.glance() as opened:
        today = today_of(office, opened)
        zone = ZoneInfo(next(iter(opened.zones().values()), DEFAULT_ZONE))
    done = staff.act(
        app,
        app.clock.now(),
        holders=sheet.holders,
        today=today,
        who=login_name(),
        vacant=sheet.vacant,
        sheet=sheet,
    )
    if as_json:
        print_json({"added": done.added, "changed": done.changed, "ended": done.ended, "unchanged": done.unchanged})
        return
    people_importing.tell(done, names, zone)
    for post in sheet.vacant:
        words = _("vacant, as the file says: {post} {department}")
        said = words.format(post=role_name(post.role), department=names.get(post.department, post.department))
        say(said.rstrip(), fg="yellow")
    if not dry_run:
        known_now = entered(office)
        found = vacancies(known_now, today, names)
        for line in (*left_deputies(known_now, today, names), *found):
            say(line, fg="yellow")
        if found:
            say(vacant_rule())
    nothing_changed(dry_run=dry_run)


@people.command(help=_("Write all holders to FILE, as CSV or XLSX by its name; `import` takes it back."))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--headers", type=click.Choice(["zh", "en"]), help=_("the language of headers and posts"))
@click.option("--force", is_flag=True, help=_("write over a file that is there"))
@pass_office
def export(office: Office, file: Path, headers: str | None, force: bool) -> None:  # noqa: FBT001 - click's way
    """Export the holders."""
    from wsyf_scheduler.files import people_out

    if file.exists() and not force:
        raise Forbidden(_("{file} is there already; choose another name, or add --force").format(file=file))
    with office.glance() as opened:
        holders = recorded.holders(opened)
    chinese = headers == "zh" if headers else _("liaison") != "liaison"
    count = people_out.write(file, holders, names=staffing.names_of(office) if chinese else None)
    say(ngettext("{n} entry written to {file}", "{n} entries written to {file}", count).format(n=count, file=file))
    if gone := len(holders) - count:
        words = ngettext("{n} entry of an erased person left out", "{n} entries of erased persons left out", gone)
        say(words.format(n=gone))


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
