"""Letters a second, from a row that is due to the record of its sending, against peers that do the same with less.

`python -m bench.delivery PORT CONNECTIONS DATABASE` is one round of ours, a process of its own as the peers are.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from bench import measure, office, peers
from wsyf_scheduler import config, opening, share
from wsyf_scheduler.acts import staff, track
from wsyf_scheduler.app import App
from wsyf_scheduler.clock import FixedClock
from wsyf_scheduler.core.people import Holder
from wsyf_scheduler.core.plan import Department
from wsyf_scheduler.mail import samples
from wsyf_scheduler.mail.letters import Letters
from wsyf_scheduler.mail.smtp import Security, SmtpMailer, SmtpSettings
from wsyf_scheduler.ticks import deliver, remind

LETTERS, FEW = 2_000, 300  # ours; peers, which take longer
ROUNDS = 5
CONNECTIONS = 4
DELAY_MS, FAR, FAR_FEW = 20, 120, 24  # a network's way there and back, and letters over it
HERE = Path(__file__).parent
TRACKED_AT = datetime(2023, 2, 14, 12, tzinfo=UTC)  # after the reminder of 15 days
STARTS_AT = datetime(2023, 2, 15, 1, tzinfo=UTC)
DUE_AT = datetime(2023, 2, 21, 1, tzinfo=UTC)  # nine in Beijing, seven days before the due day
PEERS = {  # name to title and whose Python
    "django": ("Django: ORM rows, one connection, save each", str(peers.PYTHON)),
    "sqlmodel": ("naive SQLModel: a transaction and a connection a mail", sys.executable),
    "apscheduler": ("APScheduler: a job a reminder in its SQLite store", sys.executable),
}
OURS = f"ours, {CONNECTIONS} connections"


@dataclass(slots=True)
class Rates:
    """What one candidate did, round by round: letters a second, processor time a letter in microseconds."""

    a_second: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, found: dict[str, float]) -> None:
        self.a_second.append(found["sent"] / found["wall"])
        self.cpu.append(found["cpu"] / found["sent"] * 1e6)

    @property
    def median(self) -> float:
        return statistics.median(self.a_second)

    def columns(self) -> tuple[str, ...]:
        found = (min(self.a_second), self.median, max(self.a_second), min(self.cpu))
        return tuple(f"{each:,.0f}" for each in found)


def run(scratch: Path, *, letters: int = LETTERS, rounds: int = ROUNDS) -> str:
    base, far = scratch / "base.db", scratch / "far.db"
    _prepare(base, letters)
    _prepare(far, FAR)
    size = _letter(scratch)
    with_peers = {name: each for name, each in PEERS.items() if _is_there(name)}
    near = _rounds(scratch, base, with_peers, rounds)
    text = _table(near)
    django = near.get(PEERS["django"][0])
    if django is not None:
        ratios = [one / other for one, other in zip(near[OURS].a_second, django.a_second, strict=True)]
        text += (
            f"\nOurs sends {statistics.median(ratios):.1f} times what Django does, round by round"
            f" ({min(ratios):.1f} to {max(ratios):.1f}; goal: ≥ 5, and ≥ 1,500 a second).\n"
        )
    text += f"A letter is {size / 1000:.1f} kB as it is sent; ours keeps it, every attempt, and the chained trail.\n"
    return f"{text}\n{_far(scratch, far)}"


def _rounds(scratch: Path, base: Path, with_peers: dict[str, tuple[str, str]], rounds: int) -> dict[str, Rates]:
    """Everybody in turn in each round; the first only warms up."""
    found = {OURS: Rates()} | {title: Rates() for title, _python in with_peers.values()}
    with _sink() as port:
        for turn in range(-1, rounds):
            done = {OURS: _ours(scratch, base, port, CONNECTIONS)}
            done |= {title: _peer(scratch, python, name, port, FEW) for name, (title, python) in with_peers.items()}
            for title, each in done.items():
                if turn >= 0:
                    found[title].add(each)
    return found


def _far(scratch: Path, base: Path) -> str:
    """Over a slow network: connections are what counts."""
    found = {f"ours, {count} connection{'s' * (count > 1)}": Rates() for count in (1, 2, 4, 8)}
    plain = "aiosmtplib, 1 connection, ready bytes, nothing recorded"
    found[plain] = Rates()
    with _sink(DELAY_MS) as port:
        for _ in range(3):
            for count, title in zip((1, 2, 4, 8), found, strict=False):
                found[title].add(_ours(scratch, base, port, count))
            found[plain].add(_peer(scratch, sys.executable, "aiosmtplib", port, FAR_FEW))
    rows = [(title, *each.columns(), f"{each.median / found[plain].median:.1f}") for title, each in found.items()]
    head = (f"{DELAY_MS} ms before each answer", "min a second", "median", "max", "CPU µs, least", "× aiosmtplib")
    return measure.table(head, rows)


def _table(found: dict[str, Rates]) -> str:
    ours = found[OURS]
    rows = [(title, *each.columns(), f"{ours.median / each.median:.1f}") for title, each in found.items()]
    return measure.table(("due → sent → recorded", "min a second", "median", "max", "CPU µs, least", "ours ×"), rows)


# --- Ours --------------------------------------------------------------------------------------------------------


def _prepare(path: Path, count: int) -> None:
    """A plan of so many departments that each are owed one reminder at DUE_AT; what went before has been sent."""
    app = office.app_on(path, TRACKED_AT)
    model, texts = office.gaoping()
    period = next(each for each in model.periods if each.id == "2023")
    names = tuple(f"d{number}" for number in range(count))
    departments = tuple(Department(id=name, short=f"应急{name}", name=f"示范县应急管理局{name}") for name in names)
    plan = replace(
        model, departments=departments, periods=(replace(period, tasks=(replace(period.tasks[0], lead=names),)),)
    )
    staff.act(app, TRACKED_AT, holders=list(_holders(names)), today=date(2023, 2, 14), who="bench")
    track.act(app, TRACKED_AT, plan=plan, texts=texts, who="bench")
    app = replace(app, clock=FixedClock(STARTS_AT))
    remind.run(app, STARTS_AT)
    deliver.run(app, STARTS_AT)
    app.db.close()


def _holders(names: tuple[str, ...]) -> Iterator[Holder]:
    for name in names:
        for role in ("liaison", "convener"):
            yield Holder(role=role, department=name, name="张三丰", email=f"{role}.{name}@county.example")
    for role in ("director", "chief", "coordinator"):
        yield Holder(role=role, department="", name="李四", email=f"{role}@county.example")


def _ours(scratch: Path, base: Path, port: int, connections: int) -> dict[str, float]:
    path = scratch / "round.db"
    shutil.copy(base, path)
    command = [sys.executable, "-m", "bench.delivery", str(port), str(connections), str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent)
    path.unlink()
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _app(path: Path, port: int, connections: int) -> App:
    app = office.app_on(path, DUE_AT)
    settings = SmtpSettings(host="127.0.0.1", port=port, security=Security.PLAIN, connections=connections)
    return replace(
        app, make_writer=lambda: opening.writer(config.load(share.CONFIG)), make_mailer=lambda: SmtpMailer(settings)
    )


def one_round(port: str, connections: str, path: str) -> None:
    """Decide and deliver all that is due, as a daemon that has run for a while does."""
    app = _app(Path(path), int(port), int(connections))
    for sample in samples.samples():
        app.writer._letters.render(sample)  # type: ignore[attr-defined]  # noqa: SLF001 - compiled once in a daemon's life
    wall, cpu = time.perf_counter(), time.process_time()
    remind.run(app, DUE_AT)
    sent = deliver.run(app, DUE_AT).sent
    print(json.dumps({"sent": sent, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


# --- Peers, and the server of all --------------------------------------------------------------------------------


def _is_there(name: str) -> bool:
    if name != "django":
        return True
    if not peers.install():
        return False
    return subprocess.run([str(peers.PYTHON), "-c", "import django"], check=False, capture_output=True).returncode == 0


def _peer(scratch: Path, python: str, name: str, port: int, count: int) -> dict[str, float]:
    for each in scratch.glob("*.db*"):
        if each.stem in {"django", "naive", "jobs"}:
            each.unlink()
    command = [python, str(HERE / "delivery_peers.py"), name, str(port), str(count), str(scratch)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _letter(scratch: Path) -> int:
    """Our own reminder in words, with places to fill in, for the peers; how many bytes it is as it is sent."""
    sample = next(each for each in samples.samples() if each.kind == "reminder")
    sample = replace(sample, department_name="DEPARTMENT", rows=(replace(sample.rows[0], key="KEY"),))
    words = Letters(packaged=share.TEMPLATES).render(sample)
    said = {
        name: text.replace("KEY", "{{ key }}").replace("DEPARTMENT", "{{ department }}")
        for name, text in (("subject", words.subject), ("text", words.text), ("html", words.html))
    }
    (scratch / "letter.json").write_text(json.dumps(said), encoding="utf-8")
    return sum(len(text.encode()) for text in said.values()) * 4 // 3


@contextmanager
def _sink(delay_ms: int = 0) -> Iterator[int]:
    server = subprocess.Popen([sys.executable, str(HERE / "sink.py"), str(delay_ms)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


if __name__ == "__main__":
    one_round(*sys.argv[1:])
