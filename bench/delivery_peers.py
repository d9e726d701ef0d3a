"""One of the peers, a process of its own: `python delivery_peers.py NAME PORT COUNT FOLDER` prints its times as JSON.

Each finds COUNT rows that are due, fills the letter's words in, sends it and records it. `letter.json` in FOLDER has
the words (subject, text, html) with places for key and department: less to render than ours has.
"""

import asyncio
import json
import smtplib
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

SENDER = "office@county.example"
HOST = "127.0.0.1"
Work = Callable[[], int]


def facts(number: int) -> dict[str, str]:
    return {"key": f"2023/{number}/emergency", "department": f"示范县应急管理局{number}"}


def reader(number: int) -> str:
    return f"liaison.d{number}@county.example"


def by_django(port: int, count: int, folder: Path) -> Work:
    """ORM rows, one connection, save each."""
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "django.db"),
                "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"},
            }
        },
        EMAIL_HOST=HOST,
        EMAIL_PORT=port,
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
    )
    django.setup()
    from django.core.mail import EmailMultiAlternatives, get_connection
    from django.db import connection, models
    from django.template import Context, Template
    from django.utils import timezone as clock

    class Reminder(models.Model):  # noqa: DJ008 - nobody prints one
        number = models.IntegerField()
        state = models.CharField(max_length=20, db_index=True)
        sent_at = models.DateTimeField(null=True)

        class Meta:
            app_label = "bench"

    with connection.schema_editor() as editor:
        editor.create_model(Reminder)
    Reminder.objects.bulk_create(Reminder(number=number, state="due") for number in range(count))
    words = {name: Template(text) for name, text in letter(folder).items()}

    def work() -> int:
        sent = 0
        with get_connection("django.core.mail.backends.smtp.EmailBackend") as mail:
            for row in Reminder.objects.filter(state="due"):
                said = {name: each.render(Context(facts(row.number))) for name, each in words.items()}
                message = EmailMultiAlternatives(
                    said["subject"], said["text"], SENDER, [reader(row.number)], connection=mail
                )
                message.attach_alternative(said["html"], "text/html")
                sent += message.send()
                row.state, row.sent_at = "sent", clock.now()
                row.save()
        return sent

    return work


def by_sqlmodel(port: int, count: int, folder: Path) -> Work:
    """A transaction and a connection a mail."""
    from jinja2 import Template
    from sqlalchemy import event
    from sqlmodel import Field, Session, SQLModel, create_engine, select

    class Reminder(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        number: int
        state: str = Field(index=True)
        sent_at: datetime | None = None

    engine = create_engine(f"sqlite:///{folder / 'naive.db'}")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA journal_mode=WAL"))
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Reminder(number=number, state="due") for number in range(count))
        session.commit()
    words = {name: Template(text) for name, text in letter(folder).items()}

    def work() -> int:
        sent = 0
        with Session(engine) as session:
            ids = session.exec(select(Reminder.id).where(Reminder.state == "due")).all()
        for each in ids:
            with Session(engine) as session:
                row = session.get(Reminder, each)
                with smtplib.SMTP(HOST, port) as server:
                    server.send_message(message(words, row.number))
                row.state, row.sent_at = "sent", datetime.now(UTC)
                session.add(row)
                session.commit()
                sent += 1
        return sent

    return work


def by_apscheduler(port: int, count: int, folder: Path) -> Work:
    """One job a reminder in its SQLite store."""
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.background import BackgroundScheduler

    Job.begin(port, count, folder)
    scheduler = BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=f"sqlite:///{folder / 'jobs.db'}")},
        executors={"default": ThreadPoolExecutor(4)},
        job_defaults={"misfire_grace_time": None},
        timezone=UTC,
    )
    scheduler.start(paused=True)
    then = datetime.now(UTC)
    for number in range(count):
        scheduler.add_job("delivery_peers:send_one", "date", run_date=then, args=[number])

    def work() -> int:
        scheduler.resume()
        Job.over.wait()
        scheduler.shutdown()
        return Job.sent

    return work


class Job:
    """What the jobs have in common: a store keeps only their names and arguments."""

    over, lock, sent = threading.Event(), threading.Lock(), 0

    @classmethod
    def begin(cls, port: int, count: int, folder: Path) -> None:
        from jinja2 import Template

        sys.modules["delivery_peers"] = sys.modules["__main__"]
        cls.port, cls.count = port, count
        cls.words = {name: Template(text) for name, text in letter(folder).items()}


def send_one(number: int) -> None:
    with smtplib.SMTP(HOST, Job.port) as server:
        server.send_message(message(Job.words, number))
    with Job.lock:
        Job.sent += 1
        if Job.sent == Job.count:
            Job.over.set()


def by_aiosmtplib(port: int, count: int, folder: Path) -> Work:
    """Ready bytes over one connection, and nothing recorded."""
    import aiosmtplib
    from jinja2 import Template

    words = {name: Template(text) for name, text in letter(folder).items()}
    ready = [(reader(number), message(words, number).as_bytes()) for number in range(count)]

    async def send() -> int:
        async with aiosmtplib.SMTP(hostname=HOST, port=port, start_tls=False, local_hostname="bench") as server:
            for to, raw in ready:
                await server.sendmail(SENDER, [to], raw)
        return count

    return lambda: asyncio.run(send())


def message(words: dict[str, Any], number: int) -> EmailMessage:
    said = {name: each.render(facts(number)) for name, each in words.items()}
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = SENDER, reader(number), said["subject"]
    made.set_content(said["text"])
    made.add_alternative(said["html"], subtype="html")
    return made


def letter(folder: Path) -> dict[str, str]:
    return json.loads((folder / "letter.json").read_text(encoding="utf-8"))


PEERS = {
    "django": by_django,
    "sqlmodel": by_sqlmodel,
    "apscheduler": by_apscheduler,
    "aiosmtplib": by_aiosmtplib,
}


def main(name: str, port: str, count: str, folder: str) -> None:
    work = PEERS[name](int(port), int(count), Path(folder))
    wall, cpu = time.perf_counter(), time.process_time()
    sent = work()
    print(json.dumps({"sent": sent, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    main(*sys.argv[1:])
