"""Laying out an office folder (`wsyf init`): config, plan, people, and room for templates of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from wsyf_scheduler import config as config_file
from wsyf_scheduler import share
from wsyf_scheduler.errors import Forbidden
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store.db import Database
from wsyf_scheduler.store.upgrade import create

TEMPLATES_README = """\
信件模板 / Letter templates

本文件夹放本办公室自己的信件模板；没有放的，使用程序自带的模板，程序升级时随之改进。
要改某一种信件，把程序自带的同名文件复制到这里再修改：

    <信件>.subject.txt   主题
    <信件>.txt           正文（纯文本）
    <信件>.html          正文（HTML）

信件：start 任务告知、reminder 提醒、chaser 催办、escalation 督办、briefing 情况报告、receipt 回执、
      change 变更告知、digest 工作周报、alert 系统告警、test 测试

程序自带的模板在：{packaged}
改好后运行 wsyf check；用 wsyf preview reminder 查看效果。模板有误时改用自带模板发出，并告知经办人。

A file here goes before the packaged one of the same name. Copy only what you change, then run `wsyf check`.
"""


def lay_out(folder: Path, *, rehearsal: bool) -> None:
    """Make an office folder with its database; Forbidden where the folder is not empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Forbidden(_("{folder} is not an empty folder; choose another, nothing was changed").format(folder=folder))
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(share.CONFIG, folder / "config.toml")
    shutil.copyfile(share.PEOPLE, folder / "people.csv")
    _copy_folder(share.JOBS, folder / "jobs")
    templates = folder / "templates" / "email"
    templates.mkdir(parents=True)
    (templates / "README").write_text(TEMPLATES_README.format(packaged=share.TEMPLATES), encoding="utf-8")
    config = config_file.load((folder / "config.toml").absolute())
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
