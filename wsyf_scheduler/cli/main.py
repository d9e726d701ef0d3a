"""`wsyf`: the group of commands, loaded one by one when they are called, and the one edge where errors become exits.

Light: `wsyf --help` and completion import click and the catalogue, and no command.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from wsyf_scheduler import __version__
from wsyf_scheduler.cli.params import PLAN, WHEN
from wsyf_scheduler.errors import WsyfError, nearest, reason
from wsyf_scheduler.i18n import _

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS: dict[str, tuple[str, Callable[[], str]]] = {
    "init": ("keeping:init", lambda: _("lay out an office folder")),
    "check": ("keeping:check", lambda: _("find every fault before mail goes out")),
    "plan": ("planning:plan", lambda: _("the plan files: show, diff, sync, history, new")),
    "people": ("people:people", lambda: _("posts and who holds them: list, import, away, hand-over, erase")),
    "calendar": ("calendar:calendar", lambda: _("working days: show a year, import the yearly notice of holidays")),
    "add": ("adding:add", lambda: _("a follow-up outside the paper: what a meeting or inspection asked for")),
    "list": ("listing:list_", lambda: _("who owes what by when")),
    "show": ("listing:show", lambda: _("one assignment: history, messages, what comes next")),
    "done": ("acting:done", lambda: _("close assignments")),
    "return": ("acting:return_", lambda: _("give back what was handed in")),
    "extend": ("acting:extend", lambda: _("give a later due day")),
    "waive": ("acting:waive", lambda: _("no longer ask for an assignment")),
    "reopen": ("acting:reopen", lambda: _("open a closed assignment again")),
    "mute": ("silencing:mute", lambda: _("silence an assignment until a day")),
    "release": ("silencing:release", lambda: _("let held assignments speak")),
    "remind": ("silencing:remind", lambda: _("one more reminder, outside the ladder")),
    "note": ("silencing:note", lambda: _("keep a note in the trail")),
    "undo": ("silencing:undo", lambda: _("take back your last act while its letter waits")),
    "explain": ("explaining:explain", lambda: _("why a letter went, or did not go")),
    "schedule": ("scheduling:schedule", lambda: _("the messages that lie ahead")),
    "rehearse": ("rehearsing:rehearse", lambda: _("live through the plan in seconds, sending nothing")),
    "outbox": ("outbox:outbox", lambda: _("messages and their fate: list, show, release, discard, retry")),
    "preview": ("previewing:preview", lambda: _("a letter as it would go out")),
    "data": ("figures:data", lambda: _("figures: forms out and in, by telephone, confirmed")),
    "assess": ("assessing:assess", lambda: _("goals against figures: are we on course")),
    "log": ("trail:log", lambda: _("the event trail: who did what, when, why; is it unbroken")),
    "audit": ("auditing:audit", lambda: _("hold what was sent against what was owed")),
    "tick": ("running:tick", lambda: _("one round of what the daemon does")),
    "daemon": ("running:daemon", lambda: _("run for the office")),
    "status": ("running:status", lambda: _("is the daemon alive and well")),
    "backup": ("copies:backup", lambda: _("a consistent copy of the database")),
    "restore": ("copies:restore", lambda: _("put a backup in the place of the database")),
    "upgrade": ("keeping:upgrade", lambda: _("bring the database up to this version")),
    "demo": ("demo:demo", lambda: _("the whole Gaoping plan, start to finish, in under a minute")),
    "completion": ("keeping:completion", lambda: _("the shell's completion script")),
    "help": ("guiding:help_", lambda: _("the guides, offline; help COMMAND: a command's own help")),
}

LIVE_LONG = ("daemon", "demo")  # so long that garbage must be collected; four rehearsed years leave none to speak of
CLOCKLESS = ("init", "demo", "completion", "rehearse", "help")  # they need no database, or make their own
ANY_PLAN = (*CLOCKLESS, "plan", "check", "upgrade", "restore")  # --plan may name one that is not tracked yet


class LazyGroup(click.Group):
    """Imports a command's module when the command is called, and not for its line of help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the manual."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _colon, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(f"wsyf_scheduler.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A line for each command."""
        del ctx
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, summary()) for name, (_where, summary) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Command names with their lines of help."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=summary())
            for name, (_where, summary) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with `did you mean` for a mistyped command."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            close = nearest(args[0], COMMANDS, most=2)
            message = _("there is no command {name}").format(name=args[0])
            if close:
                message += _("; did you mean {names}?").format(names=", ".join(close))
            raise click.UsageError(message, ctx)
        return super().resolve_command(ctx, args)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As click does; what it says of itself is as wide as it looks."""
        setattr(click.Context, "formatter_class", staticmethod(_formatter))  # noqa: B010 - for every command
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            _fold(error)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """As click does; every expected error becomes clear lines and its exit code (CLI.md)."""
        try:
            return super().invoke(ctx)
        except WsyfError as error:
            _leave(ctx, str(error), error.exit_code)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes
            ctx.exit(0)  # the reader left (`wsyf list | head`): nothing more to say
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _leave(ctx, f"{where}{reason(error)}", WsyfError.exit_code)
        except click.UsageError as error:
            _fold(error)
            raise
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001 - the one edge of the command line
            import traceback

            traceback.print_exc()
            words = _("a fault of the program, not yours: {what}; please report it with the lines above")
            _leave(ctx, words.format(what=type(error).__name__), WsyfError.exit_code)


def _formatter(**sizes: Any) -> click.HelpFormatter:
    from wsyf_scheduler.cli.helping import Formatter

    return Formatter(**sizes)


def _fold(error: click.UsageError) -> None:
    from wsyf_scheduler.cli.helping import fold_error
    from wsyf_scheduler.cli.output import room

    fold_error(error, room(err=True))


def _leave(ctx: click.Context, text: str, exit_code: int) -> NoReturn:
    from wsyf_scheduler.cli.output import say

    for line in text.splitlines():
        say(f"wsyf: {line}", err=True, hang=2, fg="red")
    ctx.exit(exit_code)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=_(
        "Work-injury prevention plans as scheduled jobs: who owes what by when, and who has been told."
        " Alone: today's desk."
    ),
)
@click.option("--config", "config_path", metavar="PATH", help=_("the office's config file, or its folder"))
@click.option("--at", "at", type=WHEN, help=_("set the clock (rehearsal databases only): a date or ISO instant"))
@click.option("--plan", "plan_id", type=PLAN, help=_("only this plan of several; all: every one ($WSYF_PLAN)"))
@click.option("--json", "as_json", is_flag=True, help=_("print the desk as JSON, for programs"))
@click.option(
    "--watch",
    is_flag=False,
    flag_value=30.0,
    type=click.FloatRange(min=1),
    metavar="[SECONDS]",
    help=_("keep the desk on the screen and draw it anew every 30 seconds, or so many"),
)
@click.version_option(__version__, prog_name="wsyf")
@click.pass_context
def wsyf(
    ctx: click.Context,
    config_path: str | None,
    at: str | None,
    plan_id: str | None,
    watch: float | None,
    as_json: bool,  # noqa: FBT001 - click's way
) -> None:
    """Open the office for the command; alone, show the desk."""
    from wsyf_scheduler.cli.office import Office

    if os.environ.get("NO_COLOR"):
        ctx.color = False
    ctx.obj = Office(config_path, at, plan_id)
    ctx.call_on_close(ctx.obj.close)
    name = ctx.invoked_subcommand
    if name in LIVE_LONG:
        gc.enable()
    if as_json and name is not None:
        message = _("--json before a command is the desk's; write: wsyf {name} --json")
        raise click.UsageError(message.format(name=name), ctx)
    if at is not None and name not in CLOCKLESS:
        ctx.obj.require_rehearsal()
    if plan_id is not None and name not in ANY_PLAN:
        ctx.obj.require_plan()
        ctx.default_map = _mail_of(plan_id)
    if watch is not None:
        _watch(ctx, watch, as_json=as_json)
    elif name is None:
        from wsyf_scheduler.cli.desk import desk

        desk(ctx.obj, as_json=as_json)


def _mail_of(plan_id: str) -> dict[str, Any]:
    """What was typed before the command is the plan of the outbox's own --plan."""
    given = {} if plan_id == "all" else {"plan_id": plan_id}
    return {"outbox": dict.fromkeys(("list", "release", "discard", "retry"), given)}


def _watch(ctx: click.Context, seconds: float, *, as_json: bool) -> None:
    """The desk again and again; it goes with nothing else."""
    if as_json or ctx.invoked_subcommand is not None:
        raise click.UsageError(_("--watch is the desk's, for a terminal; it goes with no command and no --json"), ctx)
    from wsyf_scheduler.cli.watching import watch

    gc.enable()
    watch(ctx.obj, seconds)


def main() -> None:
    """Run the command line. What the terminal's encoding lacks is shown as `?`; JSON is UTF-8 everywhere.

    A command is over before its garbage is worth collecting, while libraries load and when it ends: a quarter of the
    time `wsyf done` takes.
    """
    gc.disable()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        wsyf.main(prog_name="wsyf")
    finally:
        gc.freeze()
