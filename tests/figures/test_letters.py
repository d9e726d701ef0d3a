"""Letters that ask for figures carry the form, until the figures are in; who reads them can fill it in and send it back."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from tests.figures.papers import KEY, WHOLE, blank, fill, gaoping
from wsyf_scheduler.acts import hand_in
from wsyf_scheduler.files import filled as forms_back
from wsyf_scheduler.mail.writer import LetterWriter
from wsyf_scheduler.reports.opened_mail import open_mail
from wsyf_scheduler.share import TEMPLATES

REMINDER = "2022-05-24 09:00"  # 7 days before the due day
NAME = "数据报送表_2022-1-emergency.xlsx"


@pytest.fixture
def office():
    """The Gaoping plan's office, which writes real letters to whoever holds the posts."""
    found = gaoping("2022-05-19 00:00")
    found.app = replace(found.app, make_writer=lambda: LetterWriter(packaged=TEMPLATES, office=None))
    return found


def sent(office, when):
    before = len(office.mailer.sent)
    office.tick(when)
    mails = [message_from_bytes(each.data, policy=policy.default) for each in office.mailer.sent[before:]]
    return {
        part.get_filename(): part
        for mail in mails
        for part in mail.iter_attachments()
        if part.get_filename()[-1] == "x"
    }


def test_a_reminder_carries_the_form_of_each_row_under_a_chinese_name(office, tmp_path):
    found = sent(office, REMINDER)
    assert NAME in found
    assert "数据报送表_2022-2-health.xlsx" in found
    assert not any("hrss" in name for name in found)  # what asks no figures has none
    part = found[NAME]
    assert part.get_content_type() == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    path = tmp_path / NAME
    path.write_bytes(fill(part.get_content(), WHOLE))
    assert forms_back.read(path).key == KEY


def test_the_letter_says_on_the_row_that_its_form_is_attached(office):
    office.tick(REMINDER)
    opened = [open_mail(each.data) for each in office.mailer.sent]
    texts = ["".join(each.text.split()) for each in opened if NAME in each.attachments]
    assert texts
    assert all(text.count("（报送表见附件）") == 2 for text in texts)  # 2021-2022/4 and 2022/1
    assert not any("报送表见附件" in "".join(each.text.split()) for each in opened if not each.attachments)


def test_the_form_is_the_one_the_command_writes(office):
    part = sent(office, REMINDER)[NAME]
    assert part.get_content() == blank(office)


def test_once_the_figures_are_in_no_letter_carries_the_form(office):
    office.go("2022-05-20 10:00")
    handed = {name: {"accidents": 1, "casualties": 1} for name in ("hazchem", "coal", "noncoal", "machinery")}
    office.act(hand_in.act, key=KEY, handed=handed)
    assert NAME not in sent(office, REMINDER)


def test_half_of_the_figures_stand_in_the_form_already(office, tmp_path):
    office.go("2022-05-20 10:00")
    office.act(hand_in.act, key=KEY, handed={"coal": {"accidents": 1, "casualties": 2}})
    path = tmp_path / NAME
    path.write_bytes(sent(office, REMINDER)[NAME].get_content())
    assert forms_back.read(path).handed == {"coal": {"accidents": 1, "casualties": 2}}


def test_chasers_and_escalations_carry_it_and_briefings_do_not(office):
    office.live("2022-06-01 08:00")
    assert NAME in sent(office, "2022-06-01 09:00")  # chase-1w
    office.live("2022-06-06 08:00")
    before = len(office.mailer.sent)
    office.live("2022-06-07 18:00")  # escalate-3w, with the director's briefing
    found = []
    for each in office.mailer.sent[before:]:
        mail = message_from_bytes(each.data, policy=policy.default)
        found.append((str(mail["Subject"]), [part.get_filename() for part in mail.iter_attachments()]))
    assert any(NAME in names for _subject, names in found)
    briefings = [names for subject, names in found if "情况报告" in subject]
    assert briefings
    assert not any(briefings)
