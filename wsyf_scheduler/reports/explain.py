"""Why a letter about an assignment went, or did not go, on a day.

The past is told from the trail, by the rules and posts of its time; what lies ahead by those of now. Imports core,
store.glance and the rest of reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from wsyf_scheduler.core.assignment import Assignment
from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES, LEADERS, Timetable
from wsyf_scheduler.core.life import Life, live
from wsyf_scheduler.core.people import Holder, Post, Reader
from wsyf_scheduler.reports import days, recorded
from wsyf_scheduler.reports.ladder import RESTARTED, Step, steps
from wsyf_scheduler.reports.past import Past, Span
from wsyf_scheduler.reports.recorded import Deed, Recorded, Try
from wsyf_scheduler.store.glance import Glance

LEDGER = ("message_sent", "message_retry")  # events the attempts tell of


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One step of the ladder, how it came to its day, and whom it reached or would reach.

    `to` and `cc` are who a message that was made went to; before that, and where none was made, who would be addressed
    on that day. `vacant` are posts nobody held then: To climbs to the next higher, Cc is left out.
    """

    step: Step
    way: days.Way | None
    to: tuple[Reader, ...] = ()
    cc: tuple[Reader, ...] = ()
    vacant: tuple[Post, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who reads for one post on a day; where it is vacant, who stands in for it.

    `away` are its holders for whom a deputy reads; `refused` addresses that would read and cannot be reached.
    """

    post: Post
    readers: tuple[Reader, ...]
    vacant: bool
    away: tuple[Holder, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer for one assignment and one day.

    `landed` are the steps of that day; `others` rows of messages that left that day though no step of the day brought
    them (late ones, receipts, changes); `before` and `after` the nearest steps around it; `ladder` all steps that
    were decided, or belong to the ladder as it runs now. `then` is the assignment as it stood at the end of the day,
    None before it was tracked; `holds` and `pauses` are when the queue was held and when the engine did not run;
    `rules_since` says since when the rules of that day had been in force, where they were others than now. `deeds` are
    what was done about it that day, `deed_before` the last thing done earlier, `mail_deeds` what was done about the
    mail of that day: held back, let go, taken back.
    """

    item: Assignment
    books: Past
    day: days.Day
    landed: tuple[Answer, ...]
    others: tuple[Recorded, ...]
    before: Answer | None
    after: Answer | None
    posts: tuple[Watch, ...]
    ladder: tuple[Step, ...]
    then: Assignment | None
    holds: tuple[Span, ...]
    pauses: tuple[Span, ...]
    rules_since: datetime | None
    tries: tuple[Try, ...]
    deeds: tuple[Deed, ...]
    deed_before: Deed | None
    mail_deeds: tuple[Deed, ...]

    @property
    def held_messages(self) -> tuple[int, ...]:
        """Messages with this assignment that a guard holds back."""
        held = (step.message.id for step in self.ladder if step.message and step.message.state == "held")
        return tuple(dict.fromkeys(held))


def explain(opened: Glance, source: Past, item: Assignment, on: date) -> Explanation:
    """Why letters about an assignment went on a day, or why none."""
    rows = recorded.rows_where(opened, "n.assignment_id = :id", {"id": item.id})
    life = life_of(opened, source, item)
    every = steps(item, source, life, rows)
    before, after = _around(every, on)
    landed = [step for step in every if step.on == on]
    others = tuple(_others(source, rows, landed, on))
    messages = [each.message.id for each in landed if each.message is not None]
    messages += [each.message.id for each in others if each.message is not None]
    begins_at = source.present.hours.midnight(on)
    deeds = recorded.deeds_where(opened, "assignment_id = :id AND message_id IS NULL", {"id": item.id})
    earlier = [each for each in deeds if each.at < begins_at]
    return Explanation(
        item=item,
        books=source,
        day=days.day_of(on, source.table_on(on)),
        landed=tuple(answer(source, item, life, step) for step in landed),
        others=others,
        before=answer(source, item, life, before) if before else None,
        after=answer(source, item, life, after) if after else None,
        posts=watches(source, item.department, on),
        ladder=tuple(step for step in every if step.is_present or not _is_moot(step)),
        then=item if on >= source.today else life.at(source.end_of(on)),
        holds=source.held_on(on),
        pauses=source.paused_on(on),
        rules_since=source.since(on),
        tries=tuple(recorded.tries(opened, messages)),
        deeds=tuple(each for each in deeds if begins_at <= each.at <= source.end_of(on)),
        deed_before=earlier[-1] if earlier else None,
        mail_deeds=tuple(_mail_deeds(opened, messages)),
    )


def _mail_deeds(opened: Glance, messages: Sequence[int]) -> Iterable[Deed]:
    """What was done about messages, but that they were sent or tried: the ledger tells that."""
    if not messages:
        return []
    found = recorded.deeds_where(
        opened, "message_id >= :first AND message_id <= :last", {"first": min(messages), "last": max(messages)}
    )
    return [each for each in found if each.message_id in messages and each.action not in LEDGER]


def life_of(opened: Glance, source: Past, item: Assignment) -> Life:
    """The life of an assignment from the trail."""
    events = recorded.events_where(opened, "assignment_id = :id", {"id": item.id})
    return live(item, events, source.present.hours.day_of)


def answer(source: Past, item: Assignment, life: Life, step: Step) -> Answer:
    """One step with its way and its readers."""
    then = (life.at(step.decided_at) if step.decided_at else None) or item
    way = days.way_of(step.landing, then, _rules_of(source, step)) if step.landing is not None else None
    if not step.speaks:
        return Answer(step=step, way=way)
    message = step.message
    known_at = (message.made_at or message.sent_at) if message else None
    roster = source.roster(known_at or source.now)
    addressed = roster.address(_posts(item, step, step.to), _posts(item, step, step.cc), step.on)
    if message is None or not message.to:
        return Answer(step=step, way=way, to=addressed.to, cc=addressed.cc, vacant=addressed.vacant)
    known = {reader.address: reader for reader in (*addressed.cc, *addressed.to)}
    return Answer(step=step, way=way, to=_named(message.to, known), cc=_named(message.cc, known))


def _rules_of(source: Past, step: Step) -> Timetable:
    """The rules a step came to its day by: those it was decided under, else those of now."""
    return source.present if step.decided_at is None else source.table(step.decided_at)


def watches(source: Past, department: str, on: date) -> tuple[Watch, ...]:
    """Who reads for the posts an assignment of a department can reach, on a day."""
    posts = [*(Post(role, department) for role in DEPARTMENT_ROLES), *(Post(role) for role in LEADERS)]
    return tuple(watch(source, post, on) for post in posts)


def watch(source: Past, post: Post, on: date) -> Watch:
    """Who reads for one post on a day, as the office knew it at the end of that day."""
    at = source.end_of(on)
    roster = source.roster(at)
    addressed = roster.address([post], [], on)
    held = [each for each in source.posts.holders(at) if (each.role, each.department) == (post.role, post.department)]
    return Watch(
        post=post,
        readers=addressed.to,
        vacant=bool(addressed.vacant),
        away=tuple(each for each in held if each.holds_on(on) and each.is_away_on(on)),
        refused=roster.refused_on(post, on),
    )


def _posts(item: Assignment, step: Step, roles: Iterable[str]) -> list[Post]:
    department = step.department or item.department
    return [Post(role, department if role in DEPARTMENT_ROLES else "") for role in roles]


def _named(addresses: Sequence[str], known: dict[str, Reader]) -> tuple[Reader, ...]:
    return tuple(known.get(address) or Reader(address, "", Post("")) for address in addresses)


def _is_moot(step: Step) -> bool:
    """Of a former run of the ladder, and never decided."""
    return step.decided_at is None


def _around(every: Sequence[Step], on: date) -> tuple[Step | None, Step | None]:
    """The nearest steps of the lead department before and after a day."""
    own = [step for step in every if step.is_main and step.reason != RESTARTED]
    before = [step for step in own if step.on < on]
    after = [step for step in own if step.on > on]
    return before[-1] if before else None, after[0] if after else None


def _others(source: Past, rows: Sequence[Recorded], landed: Sequence[Step], on: date) -> Iterable[Recorded]:
    told = {step.message.id for step in landed if step.message is not None}
    for row in rows:
        sent_at = row.message.sent_at if row.message else None
        left_on = None if sent_at is None else source.present.hours.day_of(sent_at)
        if row.message is not None and row.dropped is None and left_on == on and row.message.id not in told:
            yield row
