"""The one place that reads the clock. Imports nothing of ours."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where `now` comes from: one reading a tick or command, passed down from there."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, to the microsecond."""
        return datetime.now(UTC)


@dataclass(slots=True)
class FixedClock:
    """A clock that stands where it is put: `--at`, a rehearsal, a test."""

    instant: datetime

    def now(self) -> datetime:
        """The instant it was put to."""
        return self.instant


def monotonic() -> float:
    """Seconds that never step back, to notice that the wall clock was moved."""
    return time.monotonic()
