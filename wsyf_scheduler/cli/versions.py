"""`wsyf plan history`: the versions of a plan as they were synced, their texts, and what changed between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from wsyf_scheduler.cli.folders import plan_argument
from wsyf_scheduler.cli.office import Office, json_option, need, pass_office
from wsyf_scheduler.cli.output import print_json, say, table
from wsyf_scheduler.errors import NotFound
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from wsyf_scheduler.store.plans import Synced

NUMBER = click.IntRange(min=1)


@click.command(help=_("Earlier versions of a plan: when, by whom, why, what changed. FILE: with --show or --diff."))
@plan_argument
@click.argument("file", required=False)
@click.option("--show", "shown", type=NUMBER, metavar="N", help=_("print the files of version N as they were kept"))
@click.option("--diff", "compared", type=NUMBER, metavar="N", help=_("what version N changed, line by line"))
@json_option
@pass_office
def history(
    office: Office,
    plan_id: str | None,
    file: str | None,
    shown: int | None,
    compared: int | None,
    as_json: bool,  # noqa: FBT001 - click's way
) -> None:
    """Print versions, or the texts of one."""
    need(shown is None or compared is None, _("--show and --diff do not stand together"))
    if plan_id is not None and plan_id.endswith(".toml"):
        plan_id, file = None, plan_id  # the plan was left out: there is but one
    need(file is None or shown or compared, _("FILE goes with --show N or --diff N"))
    synced = _synced(office, plan_id)
    number = shown or compared
    if number is not None:
        plan_id = _only(synced, plan_id)
        texts = _texts(office, plan_id)
        if number not in texts:
            message = _("{plan} has no version {n}; the newest is {last}")
            raise NotFound(message.format(plan=plan_id, n=number, last=max(texts)))
        lines = _kept(texts[number], file) if shown else _difference(texts, number, file)
        for line, colour in lines:
            click.secho(line, fg=colour)
        return
    if as_json:
        print_json([_plain(each) for each in synced])
        return
    _print(synced)


def _synced(office: Office, plan_id: str | None) -> list[Synced]:
    from wsyf_scheduler.store import plans

    app = office.app()
    with app.db.read() as session:
        known = plans.marks(session)
        if plan_id is not None and plan_id not in known:
            message = _("no plan {name} is tracked; there is {known}")
            raise NotFound(message.format(name=plan_id, known=", ".join(sorted(known)) or _("none")))
        wanted = sorted(known) if plan_id is None else [plan_id]
        return [each for name in wanted for each in plans.synced(session, name)]


def _only(synced: Sequence[Synced], plan_id: str | None) -> str:
    names = list(dict.fromkeys(each.plan_id for each in synced))
    need(plan_id is not None or len(names) == 1, _("name the plan: there are {names}").format(names=", ".join(names)))
    return plan_id or names[0]


def _texts(office: Office, plan_id: str) -> dict[int, dict[str, str]]:
    from wsyf_scheduler.store import plans

    app = office.app()
    with app.db.read() as session:
        return {each.version: each.texts for each in plans.all_of(session, plan_id)}


def _kept(texts: dict[str, str], file: str | None) -> Iterator[tuple[str, str | None]]:
    """The texts one after the other, each under its name; of one file, the text alone."""
    if file is not None:
        yield _file(texts, file).rstrip("\n"), None
        return
    for name in sorted(texts, key=_order):
        yield f"==> {name} <==", "cyan"
        yield texts[name].rstrip("\n") + "\n", None


def _file(texts: dict[str, str], file: str) -> str:
    name = file if file in texts else f"{file}.toml"
    if name not in texts:
        message = _("this version has no file {name}; there is {known}")
        raise NotFound(message.format(name=file, known=", ".join(sorted(texts, key=_order))))
    return texts[name]


def _order(name: str) -> tuple[bool, str]:
    return name != "plan.toml", name


def _difference(texts: dict[int, dict[str, str]], number: int, file: str | None) -> Iterator[tuple[str, str | None]]:
    """Unified differences of version N against the one before it."""
    from difflib import unified_diff

    old, new = texts.get(number - 1, {}), texts[number]
    names = sorted({*old, *new}, key=_order)
    if file is not None:
        _file({**old, **new}, file)
        names = [name for name in names if name in (file, f"{file}.toml")]
    empty = True
    for name in names:
        before, after = old.get(name, "").splitlines(), new.get(name, "").splitlines()
        heads = f"{name} ({number - 1})", f"{name} ({number})"
        for line in unified_diff(before, after, *heads, lineterm=""):
            empty = False
            yield line, {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
    if empty:
        yield _("nothing differs"), None


def _plain(each: Synced) -> dict[str, object]:
    return {
        "plan": each.plan_id,
        "version": each.version,
        "at": each.at.astimezone(ZoneInfo(each.zone)).isoformat(),
        "who": each.who,
        "why": each.why or None,
        "files": list(each.files),
        "changes": each.changes,
    }


def _print(synced: Sequence[Synced]) -> None:
    if not synced:
        say(_("no plan is tracked yet; run `wsyf plan sync`"))
        return
    rows = [
        (
            each.plan_id,
            str(each.version),
            f"{each.at.astimezone(ZoneInfo(each.zone)):%Y-%m-%d %H:%M}",
            each.who,
            "; ".join(part for part in (_counted(each.changes), each.why) if part),
        )
        for each in synced
    ]
    one = len({each.plan_id for each in synced}) == 1
    headers = (_("plan"), _("version"), _("when"), _("who"), _("what it changed, and why"))
    first = int(one)
    if one:
        click.secho(synced[0].plan_id, bold=True)
    table(headers[first:], [row[first:] for row in rows], keep=(0, 1, 2) if one else (1, 2))


def _counted(changes: dict[str, Any]) -> str:
    words = {
        "added": _("{n} added"),
        "moved": _("{n} moved"),
        "reassigned": _("{n} re-assigned"),
        "reworded": _("{n} reworded"),
        "restored": _("{n} back"),
        "withdrawn": _("{n} withdrawn"),
        "held": _("{n} held"),
    }
    found = [words[name].format(n=changes[name]) for name in words if changes.get(name)]
    return ", ".join(found) or _("words only")
