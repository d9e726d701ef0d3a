"""The ladder of RULES.md §3, which serves where the config has none. Pure."""

from __future__ import annotations

from wsyf_scheduler.core.ladder import CalendarDays, Every, Ladder, Rung, Start, When, WorkingDays

LIAISON = ("liaison",)
CONVENER = ("convener",)
LONG_KINDS = ("evaluation", "summary")


def _reminder(name: str, when: When, kinds: tuple[str, ...] = ()) -> Rung:
    return Rung(name=name, when=when, letter="reminder", to=LIAISON, kinds=kinds)


def _escalation(name: str, when: When, *leaders: str) -> Rung:
    return Rung(name=name, when=when, letter="escalation", to=CONVENER, cc=LIAISON, briefing=leaders)


STANDARD = Ladder(
    (
        Rung(name="start", when=Start(), letter="start", to=LIAISON),
        _reminder("remind-90", CalendarDays(-90), LONG_KINDS),
        _reminder("remind-60", CalendarDays(-60), LONG_KINDS),
        _reminder("remind-30", CalendarDays(-30)),
        _reminder("remind-15", CalendarDays(-15)),
        _reminder("remind-7", CalendarDays(-7)),
        _reminder("remind-3w", WorkingDays(-3)),
        _reminder("remind-0", CalendarDays(0)),
        Rung(name="chase-1w", when=WorkingDays(1), letter="chaser", to=LIAISON, cc=CONVENER),
        _escalation("escalate-3w", WorkingDays(3), "director"),
        _escalation("escalate-7w", WorkingDays(7), "director", "chief"),
        _escalation("escalate-n", Every(5, "escalate-7w", 12), "director", "chief"),
    )
)
