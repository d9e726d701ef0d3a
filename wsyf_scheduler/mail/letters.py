"""Letters: a frozen Letter becomes subject, text and HTML through the templates, the office's before the packaged.

Imports jinja2 and its sandbox, the pure modules of mail, errors and i18n.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, meta
from jinja2.nodes import Template

from wsyf_scheduler.errors import Fault, nearest
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.facts import Facts, facts
from wsyf_scheduler.mail.letter import Letter, LetterKind
from wsyf_scheduler.mail.phrases import clean, clip
from wsyf_scheduler.mail.samples import samples
from wsyf_scheduler.mail.sandbox import TEMPLATE_NAME, LimitedSandbox, Sandbox, TooSlow
from wsyf_scheduler.mail.wrapping import wrap

PARTS: Final = ("subject.txt", "txt", "html")
SUBJECT_LENGTH: Final = 160  # characters; a phone's list shows about forty
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFault(Fault):
    """A mistake in a template: its file, the line where there is one (from 1), and what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A letter in words. `faults` are the mistakes in the office's templates for which the packaged ones stood in."""

    subject: str
    text: str
    html: str
    faults: tuple[TemplateFault, ...] = ()


class Letters:
    """Renders letters; templates are compiled once, when first used. To read changed files, make a new one.

    `packaged` and `office` are folders of `<kind>.subject.txt`, `<kind>.txt`, `<kind>.html` and the partials whose
    names begin with `_`. A file of the office goes before the packaged file of the same name.
    """

    def __init__(self, *, packaged: Path, office: Path | None = None) -> None:
        """Look at the folders; `office` may be absent or hold no template at all."""
        self._known = frozenset(_file_names(packaged))
        self._own = _file_names(office) if office else ()
        self._folder = office if self._own else None
        self._packaged = Sandbox(packaged)
        self._served = LimitedSandbox(*([self._folder] if self._folder else []), packaged)
        self._too_slow: dict[LetterKind, tuple[TemplateFault, ...]] = {}

    def render(self, letter: Letter) -> Rendered:
        """The letter in words; wholly on the packaged templates where the office's fail in any way.

        A fault in the packaged templates is a bug, and raises.
        """
        said = facts(letter)
        if self._folder is None:
            return _finished(_words(self._packaged, letter.kind, said))
        words, faults = self._try(letter.kind, said)
        return _finished(_words(self._packaged, letter.kind, said), faults) if faults else _finished(words)

    def check(self) -> tuple[TemplateFault, ...]:
        """Every fault found by reading all the office's files and rendering the sample letters with them."""
        rendered = chain.from_iterable(self._try(each.kind, facts(each))[1] for each in samples())
        found = tuple(dict.fromkeys(chain(self._unknown_names(), rendered, self._unreadable())))
        return (*found, *self._unknown_variables({fault.file for fault in found}))

    def _try(self, kind: LetterKind, said: Facts) -> tuple[dict[str, str], tuple[TemplateFault, ...]]:
        """The letter by the office's templates, and their faults; one that took too long is not tried again."""
        words: dict[str, str] = {}
        faults = []
        self._served.begin()
        for part in PARTS if kind not in self._too_slow else ():
            try:
                words[part] = self._served.run(f"{kind}.{part}", said)
            except Exception as error:  # noqa: BLE001 - an office's template may raise anything; the letter must go
                faults.append(self._fault(error, f"{kind}.{part}"))
                if isinstance(error, TooSlow):
                    self._too_slow[kind] = tuple(faults)
                    break
        return words, self._too_slow.get(kind, tuple(faults))

    def _fault(self, error: Exception, name: str) -> TemplateFault:
        """The error with its place: the innermost line of an office's file, else of any template."""
        file, line = self._place(error)
        message = str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
        match error:
            case TemplateSyntaxError():
                file, line, message = error.filename or file, error.lineno, error.message or message
            case TemplateNotFound():
                message = _("there is no template {name}").format(name=error.name)
        return TemplateFault(file=file or self._path(name), line=line, message=clip(clean(message), 500))

    def _place(self, error: Exception) -> tuple[str, int | None]:
        frames = [each for each in traceback.extract_tb(error.__traceback__) if TEMPLATE_NAME.search(each.filename)]
        own = [each for each in frames if Path(each.filename).parent == self._folder]
        return next(((each.filename, each.lineno) for each in reversed(own or frames)), ("", None))

    def _path(self, name: str) -> str:
        return str(self._folder / name) if self._folder and name in self._own else name

    def _unknown_names(self) -> Iterator[TemplateFault]:
        """Files of the office that no letter would ever use."""
        parsed = (tree for _name, tree in self._parsed())
        used = {name for tree in parsed for name in meta.find_referenced_templates(tree)} | self._known
        for name in self._own:
            if name not in used:
                close = ", ".join(nearest(name, self._known))
                hint = _("; did you mean {names}?").format(names=close) if close else ""
                yield TemplateFault(file=self._path(name), message=_("no letter uses a file of this name") + hint)

    def _unreadable(self) -> Iterator[TemplateFault]:
        """Office files that do not compile, whether a sample uses them or not."""
        for name in filter(TEMPLATE_NAME.fullmatch, self._own):
            try:
                self._served.get_template(name)
            except Exception as error:  # noqa: BLE001 - as in _try
                yield self._fault(error, name)

    def _unknown_variables(self, faulty: set[str]) -> Iterator[TemplateFault]:
        """Variables that no letter has, in branches no sample reached; a partial may be handed anything."""
        known = facts(samples()[0]).keys() | self._packaged.globals.keys()
        for name, tree in self._parsed():
            if not name.startswith("_") and self._path(name) not in faulty:
                for variable in sorted(meta.find_undeclared_variables(tree) - known):
                    message = _("no letter has a variable {name}").format(name=variable)
                    yield TemplateFault(file=self._path(name), message=message)

    def _parsed(self) -> Iterator[tuple[str, Template]]:
        """The office's files that can be read, as syntax trees."""
        for name in filter(TEMPLATE_NAME.fullmatch, self._own):
            try:
                yield name, self._served.parse(self._served.source(name))
            except (TemplateError, OSError):
                continue  # told by _unreadable


def _file_names(folder: Path) -> tuple[str, ...]:
    """Files that may be meant as templates: not a README, nothing hidden; in order. An absent folder has none."""
    if not folder.is_dir():
        return ()
    names = sorted(each.name for each in folder.iterdir() if each.is_file())
    return tuple(name for name in names if not name.startswith((".", "README")))


def _words(environment: Sandbox, kind: LetterKind, said: Facts) -> dict[str, str]:
    return {part: environment.run(f"{kind}.{part}", said) for part in PARTS}


def _finished(words: Mapping[str, str], faults: tuple[TemplateFault, ...] = ()) -> Rendered:
    """A subject on one line, a text of lines that fit a screen, and the HTML."""
    subject, text, html = (words[part] for part in PARTS)
    text = wrap(_BLANK_LINES.sub("\n\n", text).strip("\n"))
    subject = clip(" ".join(clean(subject).split()), SUBJECT_LENGTH)
    return Rendered(subject=subject, text=text + "\n", html=html, faults=faults)
