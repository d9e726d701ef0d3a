"""SIGKILL at every step: all that is owed arrives, doubled only where the kill fell between the yes and the commit."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.crash.judging import Verdict, judge
from tests.crash.kill_office import lay_out
from tests.crash.killing import Campaign, Tally, campaign
from tests.crash.points import POINTS
from tests.crash.starting import Launcher, server

KILLS = 64


def check(tally: Tally, kills: int) -> None:
    assert tally.wrong == []
    assert tally.never == []
    assert tally.unknown == set()  # a new commit of the daemon wants a name in `points`, and a kill
    assert tally.kills == kills
    assert tally.lost == 0
    assert tally.doubles >= tally.hits["smtp: taken"]  # such a kill always doubles: the harness sees what it looks for


def test_kills_at_every_point_lose_nothing_and_double_only_what_was_in_doubt(tmp_path):
    assert len(POINTS) <= KILLS
    check(campaign(tmp_path, kills=KILLS, seed=1, lives=KILLS // 2), KILLS)


@pytest.mark.long
def test_a_thousand_kills_lose_nothing_and_double_only_what_was_in_doubt(tmp_path):
    check(campaign(tmp_path, kills=1000, seed=2), 1000)


def test_the_judge_sees_what_is_lost_doubled_altered_or_misdirected(tmp_path):
    launcher = Launcher()
    try:
        with server(launcher, None) as (host, killer):
            office = lay_out(tmp_path / "office", host.port)
            lived = Campaign(office, host, killer, launcher, random.Random(1), Tally(1), 1)
            assert lived.live("smtp: taken")
            lived.live_in_peace()
    finally:
        launcher.close()

    def verdict() -> Verdict:
        return judge(office, host, lived.deaths)

    assert verdict().wrong == []
    taken, single = list(host.taken), [each for each in host.taken if each.epoch == host.epoch][-1]
    others = [each for each in taken if each is not single]
    host.taken[:] = others
    assert "never arrived" in verdict().wrong[0]
    assert verdict().lost == 1
    for wrong, words in (
        ([*taken, single], "arrived 2 times, in doubt 0 times"),
        ([*others, replace(single, data=b"else")], "with other bytes"),
        ([*others, replace(single, recipients=("x@county.example",))], "to others than"),
        ([*taken, replace(single, header_id="<x@county.example>")], "which the ledger does not count as sent"),
    ):
        host.taken[:] = wrong
        assert words in verdict().wrong[0]
    host.taken[:] = taken
    lived.deaths.clear()
    assert "arrived 2 times, in doubt 0 times" in verdict().wrong[0]  # the double of the kill itself


def test_the_judge_sees_a_message_left_behind_and_a_broken_trail(tmp_path):
    launcher = Launcher()
    try:
        with server(launcher, None) as (host, killer):
            office = lay_out(tmp_path / "office", host.port)
            lived = Campaign(office, host, killer, launcher, random.Random(1), Tally(1), 1)
            lived.live_in_peace()
    finally:
        launcher.close()
    office.sql("UPDATE event SET why = 'nothing' WHERE id = (SELECT max(id) FROM event WHERE action = 'message_sent')")
    office.sql("UPDATE message SET state = 'uncertain', sent_at = NULL WHERE id = 1")
    said = "\n".join(judge(office, host, lived.deaths).wrong)
    for words in ("ended as uncertain", "the chain:", "decisions whose letter was not sent", "does not count as sent"):
        assert words in said
