"""The manual page `wsyf.1`, in roff, made from what the commands say of themselves (`wsyf help --man`)."""

from __future__ import annotations

from collections.abc import Iterator

import click

from wsyf_scheduler import __version__
from wsyf_scheduler.i18n import _


def page(root: click.Context) -> str:
    """The whole page; every command and option is in it."""
    assert isinstance(root.command, click.Group)
    return "\n".join([*_head(root), *_commands(root), *_foot()]) + "\n"


def _head(root: click.Context) -> Iterator[str]:
    yield f'.TH WSYF 1 "" "wsyf {__version__}" "WSYF Scheduler"'
    yield f".SH {_said(_('NAME'))}"
    yield "wsyf \\- " + _said(_("work-injury prevention plans as scheduled jobs, reminder letters and escalations"))
    yield f".SH {_said(_('SYNOPSIS'))}"
    yield ".B wsyf"
    yield _said(" ".join(root.command.collect_usage_pieces(root)))
    yield f".SH {_said(_('DESCRIPTION'))}"
    yield from _paragraphs(root.command.help or "")
    yield f".SH {_said(_('OPTIONS'))}"
    yield from _options(root)
    yield f".SH {_said(_('COMMANDS'))}"


def _commands(parent: click.Context) -> Iterator[str]:
    """Each command, and the commands of a group after it."""
    group = parent.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None
        context = command.context_class(command, info_name=name, parent=parent)
        yield f".SS {_said(context.command_path)}"
        yield f".B {_said(context.command_path)}"
        yield _said(" ".join(command.collect_usage_pieces(context)))
        yield ".PP"
        yield from _paragraphs(command.help or "")
        yield from _options(context)
        if isinstance(command, click.Group):
            yield from _commands(context)


def _options(context: click.Context) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1]:  # an argument stands in the usage
            names, words = record
            yield ".TP"
            yield f"\\fB{_said(names)}\\fR"
            yield _said(words)


def _foot() -> Iterator[str]:
    yield f".SH {_said(_('FILES'))}"
    yield _said(
        _("The config is found in this order: --config PATH, $WSYF_CONFIG, ./config.toml, /etc/wsyf/config.toml.")
    )
    yield f".SH {_said(_('EXIT STATUS'))}"
    codes = (
        (0, _("all went well")),
        (1, _("a check found faults")),
        (2, _("wrong usage")),
        (3, _("no such thing")),
        (4, _("a rule forbids it")),
        (5, _("a config, plan or people file is invalid")),
        (6, _("the database")),
        (7, _("the mail server")),
    )
    for code, words in codes:
        yield from (".TP", str(code), _said(words))
    yield f".SH {_said(_('SEE ALSO'))}"
    yield _said(_("wsyf help names the guides; wsyf help operations says how an office installs and keeps it."))


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs as they stand; one that click would not fold keeps its lines."""
    for block in text.strip().split("\n\n"):
        verbatim = block.startswith("\b")
        lines = [_said(line.strip()) for line in block.removeprefix("\b\n").splitlines()]
        yield from (".nf", *lines, ".fi") if verbatim else (" ".join(lines),)
        yield ".PP"


def _said(text: str) -> str:
    """Text that roff prints as it stands: no escape, no request at a line's beginning, hyphens that can be typed."""
    safe = text.replace("\\", "\\e").replace("-", "\\-").replace("\n", " ")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe
