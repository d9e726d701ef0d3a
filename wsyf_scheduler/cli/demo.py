"""`wsyf demo`: the whole job on the Gaoping plan, with nothing to set up."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import click

from wsyf_scheduler.i18n import _


@click.command(help=_("Watch the Gaoping plan from 2022 to 2026 become letters, over real SMTP, in a fresh folder."))
@click.option("--dir", "folder", type=click.Path(path_type=Path), help=_("the folder to make; wsyf-demo by default"))
@click.pass_context
def demo(ctx: click.Context, folder: Path | None) -> None:
    """Run it; a folder that is there already is left alone and the next free name taken."""
    from wsyf_scheduler.demo import leaving, showing

    with leaving.on_ctrl_c() as should_stop:
        whole = showing.show(folder, program=_program(), should_stop=should_stop)
    if not whole:
        ctx.exit(leaving.EXIT_CODE)


def _program() -> str:
    """How the user gets this program: plain `wsyf` where the shell finds it, else the path they ran it by."""
    typed = Path(sys.argv[0])
    found = shutil.which("wsyf")
    if typed.name != "wsyf" or (found and typed.exists() and typed.samefile(found)):
        return "wsyf"
    return shlex.quote(os.path.relpath(typed) if typed.is_relative_to(Path.cwd()) else str(typed))
