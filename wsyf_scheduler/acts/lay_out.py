"""Laying out an office folder (`wsyf init`): config, plan, people, and room for templates of its own.

Settings that were answered stand in the config in the place of the packaged ones, comments and all else as packaged.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from wsyf_scheduler import config as config_file
from wsyf_scheduler import share
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store.db import Database
from wsyf_scheduler.store.upgrade import create

Settings = Mapping[tuple[str, str], str | int]  # by table and key
NOTHING: Settings = {}
EXAMPLE = ".example"  # ends the name of a plan that is shipped to look at, not to follow
TABLE = re.compile(r"(?:# )?\[(?P<name>[a-z.]+)\]")
SETTING = re.compile(r"(?:# )?(?P<key>[a-z_]+) = (?P<value>\"[^\"]*\"|[^ #]+)(?P<space> *)(?P<comment>#.*)?")
TEMPLATES_README = """\
信函模板 / Letter templates

本文件夹放本办公室自己的信函模板；没有放的，使用程序自带的模板，程序升级时随之改进。
要改某一种信函，把程序自带的同名文件复制到这里再修改：

    <信函>.subject.txt   主题
    <信函>.txt           正文（纯文本）
    <信函>.html          正文（HTML）

信函：start 任务告知、reminder 提醒、chaser 催办、escalation 督办、briefing 情况报告、receipt 回执、
      change 变更告知、hand-over 工作交接、digest 工作周报和月报、alert 系统告警、test 测试

程序自带的模板在：{packaged}
改好后运行 wsyf check；用 wsyf preview reminder 查看效果。模板有误时改用自带模板发出，并告知经办人。

A file here goes before the packaged one of the same name. Copy only what you change, then run `wsyf check`.
"""


def require_empty(folder: Path) -> None:
    """Raise Forbidden where something lies in the folder already, or it is none."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Forbidden(_("{folder} is not an empty folder; choose another, nothing was changed").format(folder=folder))


def lay_out(folder: Path, *, rehearsal: bool, settings: Settings = NOTHING) -> None:
    """Make an office folder with its database; Forbidden where the folder is not empty.

    Broken off halfway, by a full disk or by Ctrl-C, it takes away what it has made.
    """
    require_empty(folder)
    was_there, first_new = folder.exists(), _first_new(folder)
    try:
        _make(folder, rehearsal=rehearsal, settings=settings)
    except BaseException:  # whatever it is, it goes on to whom it concerns
        for path in folder.iterdir() if was_there else [first_new]:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        raise


def config_text(settings: Settings) -> str:
    """The packaged config with these settings in it; a table that is commented out there comes to life."""
    table, lines = "", []
    for line in share.CONFIG.read_text(encoding="utf-8").splitlines():
        if found := TABLE.match(line):
            table = found["name"]
            alive = any(name == table for name, _key in settings)
            lines.append(line.removeprefix("# ") if alive else line)
            continue
        setting = SETTING.fullmatch(line)
        value = settings.get((table, setting["key"])) if setting else None
        lines.append(line if setting is None or value is None else _line(setting, value))
    return "\n".join(lines) + "\n"


def _line(setting: re.Match[str], value: str | int) -> str:
    """The setting with another value; its comment stays where it stood, if there is room."""
    old = len(setting["value"]) + len(setting["space"])
    new = json.dumps(value, ensure_ascii=False)
    comment = setting["comment"] or ""
    return f"{setting['key']} = {new}{' ' * max(old - len(new), 2)}{comment}".rstrip()


def _first_new(folder: Path) -> Path:
    """The topmost folder that is not there yet."""
    return next((each for each in reversed([folder, *folder.parents]) if not each.exists()), folder)


def _make(folder: Path, *, rehearsal: bool, settings: Settings) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(config_text(settings), encoding="utf-8")
    config = config_file.load((folder / "config.toml").absolute())
    shutil.copyfile(share.PEOPLE, folder / "people.csv")
    (folder / "jobs").mkdir()
    for plan in sorted(share.JOBS.iterdir()):
        if plan.is_dir() and plan.suffix != EXAMPLE:
            _copy_folder(plan, folder / "jobs" / plan.name)
    templates = folder / "templates" / "email"
    templates.mkdir(parents=True)
    (templates / "README").write_text(TEMPLATES_README.format(packaged=share.TEMPLATES), encoding="utf-8")
    db = Database(config.database)
    create(db, rehearsal=rehearsal)
    db.close()


def _copy_folder(source: Path, target: Path) -> None:
    """Copy texts, not rights: an installed program may be read-only, and an office's folder may belong to a group."""
    target.mkdir()
    for path in sorted(source.iterdir()):
        if path.is_dir():
            _copy_folder(path, target / path.name)
        else:
            shutil.copyfile(path, target / path.name)
