"""Alerts in words: each says what happened, since when, and which command acts on it; once for its key."""

from __future__ import annotations

import pytest

from tests.cast import at, make_plan, parse
from wsyf_scheduler import alerts
from wsyf_scheduler.core.people import Post
from wsyf_scheduler.store.holds import Hold, HoldReason

PLAN = parse(make_plan())
NOW = at("2023-03-01 09:05")
LIAISON, CONVENER = Post("liaison", "housing"), Post("convener", "housing")


@pytest.mark.parametrize(
    ("reason", "seen", "says", "command"),
    [
        (HoldReason.CLOCK_BACK, "2023-03-02T01:00:00+00:00", "2023年3月2日9时00分", "wsyf outbox release"),
        (HoldReason.CLOCK_FORWARD, "2023-02-01T01:00:00+00:00", "2023年2月1日9时00分", "wsyf outbox list"),
        (HoldReason.HOST, "office-2", "另一台主机（office-2）", "wsyf daemon --adopt"),
        (HoldReason.RESTORED, "2023-02-01T01:00:00+00:00", "备份时间为2023年2月1日9时00分", "wsyf outbox discard"),
        (HoldReason.HOST, "", "不详", "wsyf daemon --adopt"),
    ],
)
def test_a_hold_says_what_was_seen_since_when_and_what_to_do(reason, seen, says, command):
    found = alerts.held(PLAN, Hold(reason=reason, since_at=NOW, seen=seen))
    text = "".join(found.lines)
    assert "2023年3月1日9时05分" in text
    assert says in text
    assert command in text
    assert "停止发信" in found.headline


@pytest.mark.parametrize(
    ("alert", "command"),
    [
        (alerts.blast(PLAN, NOW, 42, 20), "wsyf outbox release"),
        (alerts.paused(PLAN, NOW, at("2023-03-01 09:35"), "421 too many"), "wsyf outbox list"),
        (alerts.login_refused(PLAN, NOW, "535 no"), "wsyf check"),
        (alerts.undelivered(PLAN, 7, "housing", "reminder", "550 no", NOW), "wsyf outbox retry 7"),
        (alerts.refused_address(PLAN, "a@county.example", [LIAISON], "550 no", NOW), "wsyf people import"),
        (alerts.hook_failed(PLAN, "一条告警", "exit code 1", NOW), "config.toml"),
        (alerts.backup_failed(PLAN, NOW, "disk full"), "wsyf backup FILE"),
    ],
)
def test_each_names_what_acts_on_it_and_is_said_once(alert, command):
    assert command in "".join(alert.lines)
    assert alert.headline
    assert not alert.headline.endswith("。")
    assert len(alert.lines) >= 3
    assert alert.dedup


def test_a_refused_address_says_whose_it_is_and_who_was_served_instead():
    found = alerts.refused_address(PLAN, "A@county.example", [LIAISON], "550 no", NOW, served=[CONVENER])
    assert found.headline == "住建联络员的邮箱地址被拒收"
    assert "该信函已改送住建召集人。" in found.lines
    alone = alerts.refused_address(PLAN, "a@county.example", [], "550 no", NOW)
    assert "尚未送达任何人" in "".join(alone.lines)
    others = alerts.refused_address(PLAN, "a@county.example", [LIAISON], "550 no", NOW, others_have_it=True)
    assert "该信函的其他收件人已收到。" in others.lines
    assert found.dedup == others.dedup


def test_what_comes_again_and_again_is_said_once_a_day_of_the_plan():
    evening, midnight = at("2023-03-01 23:59"), at("2023-03-02 00:01")
    for make in (
        lambda now: alerts.paused(PLAN, now, now, "421"),
        lambda now: alerts.login_refused(PLAN, now, "535"),
        lambda now: alerts.backup_failed(PLAN, now, "x"),
        lambda now: alerts.hook_failed(PLAN, "x", "y", now),
    ):
        assert make(NOW).dedup == make(evening).dedup
        assert make(evening).dedup != make(midnight).dedup
