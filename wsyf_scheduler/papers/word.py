"""A paper as a Word document: an office's template filled in by docxtpl, sandboxed, all text escaped.

The office's own `templates/papers/NAME.docx` goes before the packaged one; where it is broken, it is named, and
nothing is written. Imports share and papers; docxtpl (extra `papers`), jinja2 and python-docx when it writes.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wsyf_scheduler.errors import Fault, Forbidden, Invalid
from wsyf_scheduler.i18n import _
from wsyf_scheduler.papers.gathering import PaperKind
from wsyf_scheduler.papers.goals import Words
from wsyf_scheduler.share import PAPERS

FOLDER = "templates/papers"  # below the office's folder
WIDTH = 150  # millimetres of a picture
MOST_BYTES = 50 * 2**20  # a template unfolded
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the date of every part of an archive, so that the same paper is the same bytes


def require() -> None:
    """Raise Forbidden, saying how to install it, where docxtpl is missing."""
    if find_spec("docxtpl") is None:
        message = _("Word papers need docxtpl: pip install 'wsyf-scheduler[papers]'; nothing was written")
        raise Forbidden(message)


def template(folder: Path, kind: PaperKind) -> Path:
    """The office's own template of a paper, else the packaged one."""
    own = folder / FOLDER / f"{kind.value}.docx"
    return own if own.exists() else PAPERS / f"{kind.value}.docx"


def write(path: Path, words: Words, *, author: str, now: datetime) -> bytes:
    """The template filled in; Invalid names the template and what is wrong with it."""
    from docxtpl import DocxTemplate

    try:
        _look(path)
        document = DocxTemplate(str(path))
        document.render(_with_pictures(document, words), jinja_env=_sandbox())
        properties = document.docx.core_properties
        properties.title, properties.author, properties.last_modified_by = words["title"], author, author
        properties.created = properties.modified = now.replace(tzinfo=None)
        out = io.BytesIO()
        document.save(out)
        return repacked(out.getvalue())
    except MemoryError:
        raise
    except Exception as error:  # an office's template may fail in any way
        raise Invalid([Fault(file=str(path), message=_faulty(error))]) from error


def repacked(data: bytes) -> bytes:
    """The same archive with its parts in order and no date of today."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            part = zipfile.ZipInfo(name, LONG_AGO)
            part.compress_type, part.create_system, part.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            new.writestr(part, old.read(name))
    return out.getvalue()


def _look(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
            raise ValueError(_("it unfolds to more than {n} MB").format(n=MOST_BYTES // 2**20))


def _sandbox() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)


def _with_pictures(document: Any, words: Words) -> Words:
    from docx.shared import Mm
    from docxtpl import InlineImage

    def placed(picture: Words) -> Words:
        return {**picture, "image": InlineImage(document, io.BytesIO(picture["image"]), width=Mm(WIDTH))}

    goals = [{**goal, "pictures": [placed(each) for each in goal["pictures"]]} for goal in words["goals"]]
    return {**words, "goals": goals}


def _faulty(error: Exception) -> str:
    """What is wrong with a template, as plainly as its maker says it."""
    from jinja2 import TemplateSyntaxError, UndefinedError
    from jinja2.exceptions import SecurityError

    match error:
        case zipfile.BadZipFile():
            return _("not a Word document (.docx)")
        case OSError():
            return _("cannot be read: {why}").format(why=error.strerror or error)
        case TemplateSyntaxError():
            return _("a tag of the template is wrong: {why}").format(why=error.message)
        case UndefinedError():
            return _("the template asks for what a paper does not have: {why}").format(why=error.message)
        case SecurityError():
            return _("the template asks for what it may not have: {why}").format(why=error)
    return _("the template cannot be filled in: {why}").format(why=f"{type(error).__name__}: {error}"[:300])
