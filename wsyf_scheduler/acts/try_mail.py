"""Sending one test letter (`wsyf check --mail`): through the office's templates and mailer, outside the outbox."""

from __future__ import annotations

import hashlib
from datetime import datetime

from wsyf_scheduler.config import Config
from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.files import plan as plan_files
from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail.letter import Contact, Headers, Letter, LetterKind, Mailbox, Outcome, Outgoing, PlanFacts
from wsyf_scheduler.mail.mailer import Mailer, send_each
from wsyf_scheduler.opening import writer


def act(config: Config, mailer: Mailer, now: datetime, address: str) -> None:
    """Send it; MailTrouble says what the server answered where it was not taken."""
    plan = plan_files.load(plan_files.folders(config.jobs)[0])
    office = config.office
    contact = Contact(section=office.section, phone=office.phone, email=office.email)
    facts = PlanFacts(
        id=plan.id, title=plan.title, document=plan.document, tag=plan.tag, office=plan.office, contact=contact
    )
    letter = Letter(kind=LetterKind.TEST, plan=facts, on=now.astimezone().date(), addressee="coordinator")
    token = hashlib.sha256(f"{address}|{now.isoformat()}".encode()).hexdigest()[:20]
    headers = Headers(
        sender=Mailbox(address=config.mail.sender, name=office.sender_name),
        to=(Mailbox(address=address),),
        reply_to=Mailbox(address=office.email, name=office.sender_name),
        message_id=f"<test.{token}@{config.mail.sender.rpartition('@')[2]}>",
        date=now,
    )
    written = writer(config).write(letter, headers, ())
    outgoing = Outgoing(id=0, sender=config.mail.sender, recipients=(address,), data=written.raw)
    for _message, fate in send_each(mailer, [outgoing]):
        if fate is not None and fate.outcome is not Outcome.SENT:
            raise MailTrouble(_("the test letter was not sent: {code} {text}").format(code=fate.code, text=fate.text))
