"""Fixtures over the cast."""

from __future__ import annotations

import os

import pytest

os.environ["LANGUAGE"] = "en"  # messages are compared in their source language; it is read when one is first asked for

from tests.cast import Office, make_office, make_timetable
from wsyf_scheduler.core.ladder import Timetable


@pytest.fixture
def office() -> Office:
    """A county office that tracks one task of `emergency`, due on the last day of 2023, since 2022-05-19."""
    return make_office()


@pytest.fixture(scope="session")
def table() -> Timetable:
    """The ladder of RULES.md §3 in Beijing."""
    return make_timetable()
