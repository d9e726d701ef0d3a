"""Writing the next cycle's files as a draft (`wsyf plan new`): nothing is tracked by that. Imports files."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.errors import Forbidden, Invalid, Usage
from wsyf_scheduler.files import next_cycle
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.files.periods import IDENTIFIER
from wsyf_scheduler.i18n import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """The draft as written: its folder and files, the plan as it reads, how many years it was moved by.

    `length` is how many years the cycle before it spans: cycles that follow one another are moved by as many.
    """

    folder: Path
    texts: dict[str, str]
    plan: Plan
    years: int
    length: int


def act(jobs: Path, source: Path, *, plan_id: str, first_year: int, dry_run: bool = False) -> Drafted:
    """Write `jobs/ID/` from the source's files, its years moved so that it begins in `first_year`.

    Usage: an id that is none, a first year that does not lie after the source's (an example's own year is allowed).
    Forbidden: the folder is there, or a plan of the office has the id. Invalid: the source, or what came of it,
    cannot be read.
    """
    if not IDENTIFIER.fullmatch(plan_id):
        raise Usage(_("{id} is no id of a plan: expected letters, digits and hyphens").format(id=plan_id))
    texts, before = plan_files.read_texts(source), plan_files.load(source)
    began = min(period.first_year for period in before.periods)
    years, length = first_year - began, max(period.last_year for period in before.periods) - began + 1
    if years < 0 or (years == 0 and not plan_files.is_example(source)):
        message = _("the new cycle must begin after {plan}, which begins in {year}")
        raise Usage(message.format(plan=before.id, year=began))
    folder = jobs / plan_id
    _require_free(folder, jobs, plan_id)
    found = next_cycle.moved(texts, plan_id=plan_id, source=before.id, years=years)
    plan = plan_files.parse(found, str(folder))
    if not dry_run:
        _write(folder, found)
    return Drafted(folder=folder, texts=found, plan=plan, years=years, length=length)


def _require_free(folder: Path, jobs: Path, plan_id: str) -> None:
    if folder.exists():
        raise Forbidden(_("{folder} is there already; choose another id, nothing was changed").format(folder=folder))
    for path in jobs.glob(f"*/{plan_files.PLAN_FILE}"):
        try:
            known = plan_files.head(plan_files.read_texts(path.parent), str(path.parent)).id
        except Invalid:  # a broken plan beside it is none of this business
            continue
        if known == plan_id and not plan_files.is_example(path.parent):
            message = _("{id} is the id of {folder} already")
            raise Forbidden(message.format(id=plan_id, folder=path.parent))


def _write(folder: Path, texts: dict[str, str]) -> None:
    """All files or none: a half-written plan would be read as one."""
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}")
    scratch.mkdir(parents=True)
    try:
        for name, text in texts.items():
            (scratch / name).write_text(text, encoding="utf-8")
        scratch.rename(folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
