"""The demo's folder: fresh each time, nothing of anybody's touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wsyf_scheduler.demo import office
from wsyf_scheduler.errors import WsyfError


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_first_is_wsyf_demo_and_the_next_are_numbered():
    assert [office.fresh(None) for _ in range(3)] == [Path("wsyf-demo"), Path("wsyf-demo-2"), Path("wsyf-demo-3")]


def test_an_existing_folder_is_passed_over_even_where_it_is_empty_or_a_file():
    Path("wsyf-demo").mkdir()
    Path("wsyf-demo-2").write_text("mine")
    assert office.fresh(None) == Path("wsyf-demo-3")
    assert Path("wsyf-demo-2").read_text() == "mine"


def test_an_empty_folder_the_user_names_is_used():
    Path("mine").mkdir()
    assert office.fresh(Path("mine")) == Path("mine")


def test_a_folder_with_something_in_it_is_left_alone_and_the_next_taken():
    Path("mine").mkdir()
    Path("mine/letter").write_text("dear")
    assert office.fresh(Path("mine")) == Path("mine-2")
    assert [path.name for path in Path("mine").iterdir()] == ["letter"]


def test_folders_above_it_are_made():
    assert office.fresh(Path("a/b/c")).is_dir()


def test_a_place_where_no_folder_can_be_made_is_named():
    Path("file").write_text("")
    with pytest.raises(WsyfError, match=r"file/demo.*--dir"):
        office.fresh(Path("file/demo"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_named():
    Path("closed").mkdir(mode=0o500)
    with pytest.raises(WsyfError, match="closed/demo"):
        office.fresh(Path("closed/demo"))
