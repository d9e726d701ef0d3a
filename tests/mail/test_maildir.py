"""Keeping mail in a maildir: any mail reader finds it there, once, and nothing half-written."""

from __future__ import annotations

import dataclasses
import mailbox
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from wsyf_scheduler.errors import MailTrouble
from wsyf_scheduler.mail.letter import Outcome, Outgoing, Phase, Sent
from wsyf_scheduler.mail.maildir import MaildirMailer
from wsyf_scheduler.mail.mailer import Mailer, send_each

DATA = b"Subject: =?utf-8?b?5o+Q6YaS?=\r\nTo: liaison@emergency.example\r\n\r\n" + "请于2月28日前提供。\r\n".encode()


def make_message(number: int = 1, data: bytes = DATA) -> Outgoing:
    return Outgoing(id=number, sender="office@gaoping.example", recipients=("liaison@emergency.example",), data=data)


def keep(path: Path, *messages: Outgoing) -> list[Sent]:
    mailer: Mailer = MaildirMailer(path)
    return [sent for _, sent in send_each(mailer, messages) if sent is not None]


def files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file())


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes: what a full disk looks like to a writer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_mail_reader_finds_each_message_as_new(tmp_path: Path) -> None:
    fates = keep(tmp_path / "a" / "mail", make_message(1), make_message(2, b"Subject: two\r\n\r\n.\r\n"))
    assert [(sent.outcome, sent.phase) for sent in fates] == [(Outcome.SENT, Phase.REPLY)] * 2
    with closing(mailbox.Maildir(tmp_path / "a" / "mail", create=False)) as box:
        messages = [box[key] for key in sorted(box.keys())]
    assert [message.get_subdir() for message in messages] == ["new", "new"]
    assert messages[1]["Subject"] == "two"
    assert messages[1].get_payload() == ".\n"


def test_lines_end_as_in_any_maildir_and_all_else_is_byte_for_byte(tmp_path: Path) -> None:
    (sent,) = keep(tmp_path, make_message())
    assert (tmp_path / "new" / sent.text).read_bytes() == DATA.replace(b"\r\n", b"\n")
    assert files(tmp_path / "tmp") == []


def test_names_keep_the_order_of_sending_and_carry_the_messages_number(tmp_path: Path) -> None:
    names = [sent.text for sent in keep(tmp_path, make_message(9), make_message(10), make_message(1234567890))]
    assert names == sorted(names[:2]) + names[2:]
    assert [int(name.partition(".")[0]) for name in names] == [9, 10, 1234567890]
    assert not any(":" in name or "/" in name for name in names)


@pytest.mark.parametrize("read", [False, True])
def test_a_message_taken_up_again_after_a_crash_is_not_doubled(tmp_path: Path, read: bool) -> None:
    """The crash fell between the rename and our commit; meanwhile a mail reader may have shown the message."""
    (first,) = keep(tmp_path, make_message())
    if read:
        (tmp_path / "new" / first.text).rename(tmp_path / "cur" / f"{first.text}:2,S")
    (second,) = keep(tmp_path, make_message())
    assert second == first
    assert len(files(tmp_path)) == 1


def test_a_draft_left_by_a_crash_is_written_anew(tmp_path: Path) -> None:
    (sent,) = keep(tmp_path, make_message())
    (tmp_path / "new" / sent.text).unlink()
    (tmp_path / "tmp" / sent.text).write_bytes(b"Subject: half a mess" + b"x" * 10_000)
    keep(tmp_path, make_message())
    assert [file.parent.name for file in files(tmp_path)] == ["new"]
    assert (tmp_path / "new" / sent.text).read_bytes() == DATA.replace(b"\r\n", b"\n")


def test_other_bytes_under_the_same_number_stand_beside_it(tmp_path: Path) -> None:
    """As after a rehearsal whose numbers begin at 1 again."""
    keep(tmp_path, make_message())
    keep(tmp_path, make_message(data=b"Subject: another\r\n\r\n"))
    assert len(files(tmp_path / "new")) == 2


def test_each_message_is_asked_for_right_before_it_is_kept(tmp_path: Path) -> None:
    story = []

    def may_leave(message: Outgoing) -> bool:
        story.append(f"ask {message.id}, {len(files(tmp_path))} kept")
        return message.id != 2

    with MaildirMailer(tmp_path).post(may_leave) as posting:
        posting.put(map(make_message, (1, 2, 3)))
        while posting.in_hand:
            story += [f"told {message.id} {sent and sent.outcome}" for message, sent in posting.fates()]
    assert story == [
        "ask 1, 0 kept",
        "told 1 sent",
        "ask 2, 1 kept",
        "told 2 None",
        "ask 3, 1 kept",
        "told 3 sent",
    ]


def test_a_round_that_was_left_keeps_nothing_more(tmp_path: Path) -> None:
    with MaildirMailer(tmp_path).post(lambda _each: True) as posting:
        posting.put(map(make_message, (1, 2)))
        posting.fates()
    assert posting.room == 0
    assert [(message.id, sent) for message, sent in posting.fates()] == [(2, None)]
    assert (posting.in_hand, posting.fates(), len(files(tmp_path))) == (0, [], 1)


def test_an_empty_queue_touches_nothing(tmp_path: Path) -> None:
    assert keep(tmp_path / "mail") == []
    assert not (tmp_path / "mail").exists()


@pytest.mark.parametrize(
    ("mask", "file_mode", "folder_mode"), [(0o007, 0o660, 0o770), (0o022, 0o640, 0o750), (0o077, 0o600, 0o700)]
)
def test_the_group_reads_where_the_umask_allows_and_others_never(
    tmp_path: Path, mask: int, file_mode: int, folder_mode: int
) -> None:
    with umask(mask):
        keep(tmp_path / "mail", make_message())
    assert [stat.S_IMODE(file.stat().st_mode) for file in files(tmp_path)] == [file_mode]
    folders = [tmp_path / "mail", *(tmp_path / "mail").iterdir()]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {folder_mode}


def test_a_full_disk_keeps_the_message_for_later_leaves_no_scrap_and_takes_no_more(tmp_path: Path) -> None:
    keep(tmp_path, make_message(1))
    queue = [make_message(2, DATA * 1000), make_message(3)]
    with no_room_beyond(1000):
        (_, sent), (_, untried) = send_each(MaildirMailer(tmp_path), queue)
    assert sent is not None
    assert (sent.outcome, sent.phase, sent.code) == (Outcome.RETRY, Phase.CONNECT, 0)
    assert sent.text == f"maildir {tmp_path}: cannot keep mail: File too large"
    assert untried is None
    assert len(files(tmp_path)) == 1
    (again,) = keep(tmp_path, make_message(2, DATA * 1000))
    assert again.outcome is Outcome.SENT


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    mailer = MaildirMailer(tmp_path / "taken" / "mail")
    (sent,) = (sent for _, sent in send_each(mailer, [make_message(1), make_message(2)]) if sent is not None)
    assert (sent.outcome, sent.phase) == (Outcome.RETRY, Phase.CONNECT)
    assert str(tmp_path / "taken" / "mail") in sent.text
    with pytest.raises(MailTrouble, match="taken"):
        mailer.probe()


def test_a_draft_is_not_written_through_a_link(tmp_path: Path) -> None:
    (sent,) = keep(tmp_path / "mail", make_message())
    (tmp_path / "mail" / "new" / sent.text).unlink()
    (tmp_path / "mail" / "tmp" / sent.text).symlink_to(tmp_path / "elsewhere")
    again, other = keep(tmp_path / "mail", make_message(), make_message(2))
    assert again.outcome is Outcome.RETRY
    assert other.outcome is Outcome.SENT  # whose draft is no link
    assert not (tmp_path / "elsewhere").exists()


def test_a_probe_lays_out_the_maildir_and_leaves_no_mail(tmp_path: Path) -> None:
    MaildirMailer(tmp_path / "mail").probe()
    assert sorted(folder.name for folder in (tmp_path / "mail").iterdir()) == ["cur", "new", "tmp"]
    assert files(tmp_path) == []


def test_a_mailer_says_where_it_keeps_mail(tmp_path: Path) -> None:
    assert MaildirMailer(tmp_path).describe == f"maildir {tmp_path}"


def test_who_receives_makes_no_difference(tmp_path: Path) -> None:
    """Nothing is sent to anyone, so a message to nobody and one with a bad address are kept like any other."""
    message = dataclasses.replace(make_message(), recipients=("no address", "联络员@b.example"))
    assert [sent.outcome for sent in keep(tmp_path, message)] == [Outcome.SENT]
