"""`wsyf assess --xlsx / --docx`: what is said at the terminal, as a workbook with live formulas and as Word papers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wsyf_scheduler.cli.office import need
from wsyf_scheduler.cli.output import say
from wsyf_scheduler.core.assess import ANNEX
from wsyf_scheduler.errors import Forbidden, WsyfError
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from wsyf_scheduler.app import App
    from wsyf_scheduler.papers.gathering import Gathered


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which files of which paper: options of `wsyf assess`."""

    period: str | None
    xlsx: Path | None
    docx: Path | None
    final: bool
    report: bool

    @property
    def is_any(self) -> bool:
        """Whether a file is asked for."""
        return bool(self.xlsx or self.docx)

    def check(self, *, as_json: bool) -> None:
        """Raise Usage where the options do not go together."""
        need(not (self.is_any and as_json), _("--json prints for programs: leave it out where a file is to be written"))
        need(not (self.final and self.period), _("--final is about the whole plan: leave the period out"))
        need(not (self.final and self.report), _("--final and --report are two papers: ask for one"))
        need(self.xlsx is None or self.xlsx != self.docx, _("the workbook and the paper need two names"))
        if self.docx is None:
            need(not (self.final or self.report), _("--final and --report say which paper: name its --docx"))
            return
        message = _("name the period the paper is about, such as `wsyf assess 2023 --docx FILE`; or --final")
        need(self.final or self.period not in {None, ANNEX}, message)


def write(app: App, plan_ids: list[str], wanted: Wanted) -> None:
    """Write the files; Usage where there are several plans, nothing is written where one of them cannot be."""
    from wsyf_scheduler.papers.gathering import gather
    from wsyf_scheduler.papers.wording import BLANK

    need(len(plan_ids) == 1, _("several plans are tracked: say which with --plan"))
    files = [path for path in (wanted.xlsx, wanted.docx) if path is not None]
    for path in files:
        if path.exists():
            message = _("{path} exists already, and may have been worked on: give another name")
            raise Forbidden(message.format(path=path))
    with app.db.read() as session:
        told = gather(session, plan_ids[0], app.clock.now())
    made = {}
    if wanted.xlsx is not None:
        from wsyf_scheduler.papers.book import book

        made[wanted.xlsx] = book(told, wanted.period)
    if wanted.docx is not None:
        made[wanted.docx] = _paper(app, told, wanted)
    _save_all(made)
    for path in made:
        say(_("written: {path}").format(path=path))
    if wanted.docx is not None:
        say(_("what only the office can say is marked {blank} in the paper").format(blank=BLANK))


def _paper(app: App, told: Gathered, wanted: Wanted) -> bytes:
    from wsyf_scheduler.papers import pictures, word
    from wsyf_scheduler.papers.contents import Paper
    from wsyf_scheduler.papers.drawn import draw_all
    from wsyf_scheduler.papers.gathering import PaperKind, kind_of

    word.require()
    period = told.period(wanted.period) if wanted.period is not None else None
    kind = PaperKind.FINAL if period is None else PaperKind.REPORT if wanted.report else kind_of(period)
    words = Paper(told, kind, period).words()
    trouble = pictures.trouble()
    if trouble:
        say(_("the paper goes without pictures: {why}").format(why=trouble), fg="yellow", err=True)
    else:
        draw_all(told, words)
    path = word.template(app.config.folder, kind)
    return word.write(path, words, author=told.plan.office, now=app.clock.now())


def _save_all(made: dict[Path, bytes]) -> None:
    """All files, or none of them."""
    saved = []
    try:
        for path, data in made.items():
            _save(path, data)
            saved.append(path)
    except WsyfError:
        for path in saved:
            path.unlink(missing_ok=True)
        raise


def _save(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        message = _("{path} exists already, and may have been worked on: give another name")
        raise Forbidden(message.format(path=path)) from None
    except OSError as error:
        raise WsyfError(_("{path} cannot be written: {why}").format(path=path, why=error.strerror)) from error
