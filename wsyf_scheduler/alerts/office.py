"""Alerts about the office's own works: mail that rests or is held, templates, the calendar, backup, trail and audit.

Imports core, errors, the words of alerts and the values of store.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import assert_never

from wsyf_scheduler.alerts.words import Alert, local, moment
from wsyf_scheduler.core.plan import Plan
from wsyf_scheduler.errors import Fault
from wsyf_scheduler.store.holds import Hold, HoldReason

HOOK = "hook:"  # begins the key of the one alert that is not given to the office's command


def templates(plan: Plan, faults: Sequence[Fault], day: date) -> Alert:
    """The office's own templates failed and the packaged ones served."""
    return Alert(
        dedup=f"template:{plan.id}:{faults[0].file}:{day}",
        headline="信函模板有误，已改用程序自带模板",
        lines=("本办公室的信函模板不能使用，信函已用程序自带模板发出：", *(str(fault) for fault in faults[:5])),
    )


def login_refused(plan: Plan, now: datetime, text: str) -> Alert:
    """The mail server refused the login; nothing leaves until that is mended. Once a day."""
    return Alert(
        dedup=f"login:{plan.id}:{local(plan, now).date()}",
        headline="邮件服务器拒绝登录，信函暂不能发出",
        lines=(
            f"{moment(plan, now)}，邮件服务器拒绝登录，答复：{text}",
            "所有待发信函均保留在发件箱，每15分钟再试一次。",
            "请核对 config.toml 中的 username 和密码文件，再运行 wsyf check。",
        ),
    )


def paused(plan: Plan, now: datetime, until_at: datetime, why: str) -> Alert:
    """Mail rests for long because the server keeps asking for it; `why` is the server's answer. Once a day."""
    return Alert(
        dedup=f"paused:{plan.id}:{local(plan, now).date()}",
        headline="邮件服务器一再要求暂缓，信函积压待发",
        lines=(
            f"{moment(plan, now)}，邮件服务器再次要求暂缓发信，答复：{why}",
            f"待发信函均保留在发件箱，{moment(plan, until_at)}后自动再试，不会丢失。",
            "请查看 wsyf outbox list；如经常如此，请向邮件服务商核实限额，并在 config.toml 的 [mail.limits] 中调低。",
        ),
    )


def blast(plan: Plan, slot_at: datetime, count: int, limit: int) -> Alert:
    """One sending moment would bring more ladder messages than `max_messages`: they are held (RULES.md §6)."""
    return Alert(
        dedup=f"blast:{plan.id}:{slot_at.isoformat()}",
        headline=f"一次待发{count}封，超过上限，已扣住",
        lines=(
            f"{moment(plan, slot_at)}应发信函共{count}封，超过一次{limit}封的上限，已全部扣住，尚未发出。",
            "如系正常，请用 wsyf outbox release 放行；如系计划文件或时钟有误，请改正后用 wsyf outbox discard 作废。",
            "扣住的信函见 wsyf outbox list，放行前不会丢失。上限由 config.toml 的 max_messages 设定。",
        ),
    )


def held(plan: Plan, hold: Hold) -> Alert:
    """The whole queue is held: what was seen, since when, and what to do (RULES.md §6)."""
    seen, since = _seen(plan, hold.seen), moment(plan, hold.since_at)
    match hold.reason:
        case HoldReason.CLOCK_BACK:
            headline = "时钟倒退，已停止发信"
            what = f"{since}检查时，本机时钟早于上一次运行的时间（{seen}）。"
            remedy = "请核对本机日期和时间；改正后或确认无误后，用 wsyf outbox release 恢复。"
        case HoldReason.CLOCK_FORWARD:
            headline = "时钟跳前超过14天，已停止发信"
            what = f"{since}检查时，本机时钟比上一次运行的时间（{seen}）晚14天以上。"
            remedy = (
                "如系长期停机，核对待发信函（wsyf outbox list）后用 wsyf outbox release 恢复；如系时钟有误，请先改正。"
            )
        case HoldReason.HOST:
            headline = "数据库换了主机，已停止发信"
            what = f"{since}检查时发现，该数据库上一次在另一台主机（{seen}）上运行。"
            remedy = "请确认原主机已停用，以免重复发信，再用 wsyf daemon --adopt 在本机接管。"
        case HoldReason.RESTORED:
            headline = "数据库由备份恢复，已停止发信"
            what = f"{since}检查时发现，现用数据库由备份恢复，备份时间为{seen}，此后的办理和发信情况未在其中。"
            remedy = (
                "请补记此后办结、延期的事项，核对 wsyf tick --dry-run 和 wsyf outbox list，"
                "再用 wsyf outbox release 恢复，或用 wsyf outbox discard 作废待发信函。"
            )
        case _:
            assert_never(hold.reason)
    kept = "目前除系统告警外不拟发、不发出任何信函；应发信函均予保留，不会丢失。"
    dedup = f"hold:{hold.reason.value}:{hold.since_at.isoformat()}"
    return Alert(dedup=dedup, headline=headline, lines=(what, kept, remedy))


def year_in_doubt(year: int, today: date) -> Alert:
    """No notice of holidays is known for a year letters will fall into. Once in November, in December, and after."""
    when = f"{today:%Y-%m}" if today.year < year else "begun"
    return Alert(
        dedup=f"calendar:{year}:{when}",
        headline=f"{year}年放假调休安排尚未导入",
        lines=(
            f"{year}年的节假日和调休安排尚未录入，该年工作日暂按周一至周五扣除法定节假日推算，不含调休。",
            "据此推算的提醒、催办、督办日期可能与实际工作日不符，甚至落在放假期间。",
            "国务院办公厅的放假通知一般在上一年11月公布。请照通知填写年历文件（格式见 wsyf help calendar）。",
            "填好后用 wsyf calendar import FILE 导入；导入前会列出因此变动的信函。",
            f"目前采用的工作日见 wsyf calendar show {year}。",
        ),
    )


def hook_failed(plan: Plan, headline: str, trouble: str, now: datetime) -> Alert:
    """The office's command for alerts failed for the alert with this headline. Once a day; not given to the command."""
    return Alert(
        dedup=f"{HOOK}{local(plan, now).date()}",
        headline="告警外呼命令执行失败",
        lines=(
            f"{moment(plan, now)}，为告警“{headline}”运行的外呼命令三次均未成功：{trouble}",
            "告警仍以邮件发出，并列于 wsyf；在修复之前，邮件之外的通知渠道不起作用。",
            "请核对 config.toml 的 [alerts] command，并手工运行一次。",
        ),
    )


def trail_broken(plan: Plan, now: datetime) -> Alert:
    """The nightly backup found that the chain of events does not hold. Once a day."""
    return Alert(
        dedup=f"trail:{plan.id}:{local(plan, now).date()}",
        headline="事件记录被改动过",
        lines=(
            f"{moment(plan, now)}备份时核对发现，事件记录的校验链不符：有记录被改动、删除、增添或调换。",
            "哪一条、如何不符，见 wsyf log --verify；可与较早的备份对照。",
            "请查明何人经何程序改动了数据库；办理和发信照常进行。",
        ),
    )


def backup_failed(plan: Plan, now: datetime, why: str) -> Alert:
    """The nightly backup could not be made. Once a day."""
    return Alert(
        dedup=f"backup:{local(plan, now).date()}",
        headline="数据库备份失败",
        lines=(
            f"{moment(plan, now)}备份数据库未成功：{why}",
            "在备份恢复正常之前，如数据库损坏，最近的事件记录可能丢失。",
            "请核对备份目录的权限和剩余空间（config.toml 的 [backup]），并用 wsyf backup FILE 手工备份一次。",
        ),
    )


def _seen(plan: Plan, seen: str) -> str:
    """What a hold has seen: an instant in words, a host's name as it stands."""
    try:
        return moment(plan, datetime.fromisoformat(seen))
    except ValueError:
        return seen or "不详"


def audit(plan: Plan, lines: Sequence[str], count: int, now: datetime, part: int = 0) -> Alert:
    """The auditor found letters that should have gone and did not, or the other way round. Once a day (and `part`)."""
    rest = (f"其余{count - len(lines)}处从略。",) if count > len(lines) else ()
    return Alert(
        dedup=f"audit:{plan.id}:{local(plan, now).date()}:{part}",
        headline=f"核对发信记录，发现{count}处不符",
        lines=(
            f"{moment(plan, now)}，按计划、事件记录、任职名单和工作日逐项核对发信记录，发现{count}处不符：",
            *lines,
            *rest,
            "全部情况见 wsyf audit；某一事项某日的经过见 wsyf explain。漏发的请另行告知对方，误发的请予说明。",
        ),
    )
