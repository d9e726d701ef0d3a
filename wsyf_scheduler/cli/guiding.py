"""`wsyf help [TOPIC]`: the guides through a pager, a command's own help, and the manual page."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from wsyf_scheduler.cli.guides import GUIDES
from wsyf_scheduler.cli.output import room, say
from wsyf_scheduler.errors import NotFound, nearest
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

WIDEST = 100  # columns of prose; longer lines read badly
WHERE_THERE_IS_NONE = 80  # columns, for a file or a program


def _topics(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Guides and commands; after a group's name its commands."""
    from click.shell_completion import CompletionItem

    words = tuple(ctx.params.get("topic") or ())
    group = _command(ctx, words).command if words else ctx.find_root().command
    names = group.list_commands(ctx.find_root()) if isinstance(group, click.Group) else []
    guides = [CompletionItem(name, help=guide.about()) for name, guide in GUIDES.items() if not words]
    known = {item.value for item in guides}
    found = [*guides, *(CompletionItem(name) for name in names if name not in known)]
    return [item for item in found if item.value.startswith(incomplete)]


@click.command(name="help", help=_("The guides, offline; TOPIC may also be a command. Alone: what there is."))
@click.argument("topic", nargs=-1, shell_complete=_topics)
@click.option("--man", is_flag=True, help=_("print the manual page in roff: wsyf help --man > wsyf.1"))
@click.pass_context
def help_(ctx: click.Context, topic: tuple[str, ...], man: bool) -> None:  # noqa: FBT001 - click's way
    """Print it, through a pager on a terminal."""
    if man:
        from wsyf_scheduler.cli.manual import page

        click.echo(page(ctx.find_root()), nl=False)
    elif not topic:
        _list_topics()
    else:
        _show("\n".join(_pieces(ctx, topic)))


def _list_topics() -> None:
    say(_("Guides (wsyf help TOPIC):"), bold=True)
    widest = max(map(len, GUIDES))
    for name, guide in GUIDES.items():
        say(f"  {name:<{widest}}  {guide.about()}", hang=widest + 2)
    say("")
    say(_("Of a command: `wsyf help COMMAND`, as `wsyf help done`; all commands: `wsyf --help`."))


def _pieces(ctx: click.Context, topic: tuple[str, ...]) -> list[str]:
    """The command of that name, the guide of that name, or both."""
    found, root = [], ctx.find_root()
    assert isinstance(root.command, click.Group)
    if topic[0] in root.command.list_commands(root) or topic[0] not in GUIDES:
        found.append(_command(ctx, topic).get_help() + "\n")
    if len(topic) == 1 and topic[0] in GUIDES:
        from wsyf_scheduler.cli.guides import render, text

        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        found.append(render(text(topic[0]), min(room() or WHERE_THERE_IS_NONE, WIDEST), colour=colour))
    return found


def _command(ctx: click.Context, words: tuple[str, ...]) -> click.Context:
    """The command these words name; NotFound with what may have been meant."""
    found = ctx.find_root()
    for word in words:
        group = found.command
        names = group.list_commands(found) if isinstance(group, click.Group) else []
        command = group.get_command(found, word) if isinstance(group, click.Group) and word in names else None
        if command is None:
            raise NotFound(_unknown(word, [*names, *GUIDES] if found is ctx.find_root() else names))
        found = command.context_class(command, info_name=word, parent=found)
    return found


def _unknown(word: str, known: list[str]) -> str:
    close = nearest(word, dict.fromkeys(known), most=2)
    message = _("there is no guide and no command {name}").format(name=word)
    if close:
        return message + _("; did you mean {names}?").format(names=", ".join(close))
    return message + _("; `wsyf help` names the guides, `wsyf --help` the commands")


def _show(whole: str) -> None:
    """Through the pager on a terminal, unless it fits there."""
    if sys.stdout.isatty() and whole.count("\n") >= os.get_terminal_size(sys.stdout.fileno()).lines:
        click.echo_via_pager(whole)
    else:
        click.echo(whole, nl=False)
