"""Closing what figures close (培训全覆盖): the paper's percentage is reached in all the department's industries."""

from __future__ import annotations

from datetime import datetime

from wsyf_scheduler.app import App
from wsyf_scheduler.changing import apply, state_after, today_of
from wsyf_scheduler.core.assignment import Assignment, Verb
from wsyf_scheduler.figuring import whole_plan
from wsyf_scheduler.reaching import reached
from wsyf_scheduler.telling import tell

NOTE = "数据已达到文件要求，按数据办结。"


def act(app: App, now: datetime, *, plan_id: str, department: str, who: str) -> list[Assignment]:
    """Close them, each with a receipt; returns them as they are now, none where nothing is reached."""
    with app.db.begin() as session:
        closed = []
        for item in reached(session, whole_plan(session, plan_id), department):
            after = apply(
                app,
                session,
                now,
                item,
                action="assignment_done",
                who=who,
                why=NOTE,
                state=state_after(app, session, now, item, Verb.DONE, reason=NOTE).value,
                closed_on=today_of(app, session, item, now),
                held=False,
            )
            tell(app, session, now, after, "receipt", happened="done", reason=NOTE, on=str(after.closed_on))
            closed.append(after)
    return closed
