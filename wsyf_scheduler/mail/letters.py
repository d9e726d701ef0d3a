"""Letters: a frozen Letter becomes subject, text and HTML through the templates, the office's before the packaged.

The only importer of jinja2 in mail; imports the pure modules of mail, errors and i18n.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError, meta
from jinja2.nodes import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from wsyf_scheduler.errors import Fault, nearest
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.facts import ROW_FILTERS, Facts, facts
from wsyf_scheduler.mail.letter import Letter, LetterKind
from wsyf_scheduler.mail.phrases import FILTERS, clean, clean_block, clip
from wsyf_scheduler.mail.samples import samples
from wsyf_scheduler.mail.wrapping import wrap

PARTS: Final = ("subject.txt", "txt", "html")
SUBJECT_LENGTH: Final = 160  # characters; a phone's list shows about forty
OUTPUT_LIMIT: Final = 1024 * 1024  # characters an office's template may print for one part
LOOP_LIMIT: Final = 100_000  # numbers range() may hand out while one part is rendered
_TEMPLATE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.(?:txt|html)")
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
        self._packaged = _Sandbox(packaged)
        self._served = _Sandbox(self._folder, packaged, limited=True) if self._folder else self._packaged

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
        words: dict[str, str] = {}
        faults = []
        for part in PARTS:
            try:
                words[part] = self._served.run(f"{kind}.{part}", said)
            except Exception as error:  # noqa: BLE001 - an office's template may raise anything; the letter must go
                faults.append(self._fault(error, f"{kind}.{part}"))
        return words, tuple(faults)

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
        frames = [each for each in traceback.extract_tb(error.__traceback__) if _TEMPLATE_NAME.search(each.filename)]
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
        for name in filter(_TEMPLATE_NAME.fullmatch, self._own):
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
        for name in filter(_TEMPLATE_NAME.fullmatch, self._own):
            try:
                yield name, self._served.parse(self._served.source(name))
            except (TemplateError, OSError):
                continue  # told by _unreadable


class _Folders(BaseLoader):
    """Templates from the first folder that has them, UTF-8 with or without a byte order mark."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders

    def get_source(
        self,
        environment: Environment,  # noqa: ARG002 - the signature is jinja2's
        template: str,
    ) -> tuple[str, str, Callable[[], bool]]:
        found = (folder / template for folder in self._folders if (folder / template).is_file())
        path = next(found, None) if _TEMPLATE_NAME.fullmatch(template) else None
        if path is None:
            raise TemplateNotFound(template)
        data = path.read_bytes()
        try:
            return data.decode("utf-8-sig"), str(path), lambda: True
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise TemplateSyntaxError(_("not UTF-8 text"), line, template, str(path)) from error


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 for letters: strict, sandboxed, HTML escaped; with `limited`, output and loops end somewhere."""

    def __init__(self, *folders: Path, limited: bool = False) -> None:
        super().__init__(
            loader=_Folders(folders),
            undefined=StrictUndefined,
            autoescape=_is_html,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            cache_size=-1,
            auto_reload=False,
        )
        self._limited = limited
        self._looped = 0
        self.filters.update(FILTERS)
        self.filters.update(ROW_FILTERS)
        self.globals["range"] = self._range

    def run(self, name: str, said: Facts) -> str:
        """What the template prints; without control characters where the office wrote it (the facts have none)."""
        template = self.get_template(name)
        if not self._limited:
            return template.render(said)
        self._looped = printed = 0
        pieces = []
        for piece in template.generate(said):
            printed += len(piece)
            if printed > OUTPUT_LIMIT:
                raise TemplateError(_("prints more than {n} characters").format(n=OUTPUT_LIMIT))
            pieces.append(piece)
        return clean_block("".join(pieces))

    def source(self, name: str) -> str:
        """The text of a template."""
        loader = self.loader
        return loader.get_source(self, name)[0] if loader else ""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """A plain dict, not jinja2's chain of maps, which every template and every import would walk anew."""
        return {**self.globals, **(d or {})}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A value of a dict first: the facts are dicts, and looking for a method before the key costs more."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def join_path(self, template: str, parent: str) -> str:
        """An HTML template may use HTML templates only: what a .txt macro prints would go in unescaped."""
        if _is_html(parent) and not _is_html(template):
            message = _("an HTML template cannot use {name}: only .html files are escaped")
            raise TemplateError(message.format(name=template))
        return template

    def _range(self, *bounds: int) -> range:
        numbers = range(*bounds)
        self._looped += len(numbers)
        if self._limited and self._looped > LOOP_LIMIT:
            raise TemplateError(_("loops more than {n} times").format(n=LOOP_LIMIT))
        return numbers


def _is_html(name: str | None) -> bool:
    return name is not None and name.endswith(".html")


def _file_names(folder: Path) -> tuple[str, ...]:
    """Files that may be meant as templates: not a README, nothing hidden; in order. An absent folder has none."""
    if not folder.is_dir():
        return ()
    names = sorted(each.name for each in folder.iterdir() if each.is_file())
    return tuple(name for name in names if not name.startswith((".", "README")))


def _words(environment: _Sandbox, kind: LetterKind, said: Facts) -> dict[str, str]:
    return {part: environment.run(f"{kind}.{part}", said) for part in PARTS}


def _finished(words: Mapping[str, str], faults: tuple[TemplateFault, ...] = ()) -> Rendered:
    """A subject on one line, a text of lines that fit a screen, and the HTML."""
    subject, text, html = (words[part] for part in PARTS)
    text = wrap(_BLANK_LINES.sub("\n\n", text).strip("\n"))
    subject = clip(" ".join(clean(subject).split()), SUBJECT_LENGTH)
    return Rendered(subject=subject, text=text + "\n", html=html, faults=faults)
