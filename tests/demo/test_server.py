"""The loopback server: what it says yes to stands in the maildir, whole, and is counted."""

from __future__ import annotations

import smtplib
import socket
from pathlib import Path

import pytest

from wsyf_scheduler.demo.server import HOST, LoopbackServer, mark

LETTER = b"Message-ID: <one@gaoping.example>\r\nSubject: =?utf-8?b?5o+Q6YaS?=\r\n\r\nline\r\n.dotted\r\n"


def send(port: int, *letters: bytes) -> None:
    with smtplib.SMTP(HOST, port, local_hostname="localhost") as client:
        for letter in letters:
            client.sendmail("office@gaoping.example", ["liaison@gaoping.example"], letter)


def kept(maildir: Path) -> list[Path]:
    return sorted((maildir / "new").iterdir())


def test_a_letter_is_filed_as_it_came(tmp_path):
    with LoopbackServer(tmp_path) as server:
        send(server.port, LETTER)
        assert server.taken == 1
    (file,) = kept(tmp_path)
    assert file.read_bytes() == LETTER.replace(b"\r\n", b"\n")
    assert mark("<one@gaoping.example>") in file.name
    assert list((tmp_path / "tmp").iterdir()) == []


def test_letters_on_several_connections_are_all_counted(tmp_path):
    with LoopbackServer(tmp_path) as server:
        for n in range(3):
            send(server.port, *(LETTER.replace(b"<one", b"<%d.%d" % (n, m)) for m in range(4)))
        assert server.taken == 12
    assert len(kept(tmp_path)) == 12


def test_a_letter_without_an_id_is_kept_too(tmp_path):
    with LoopbackServer(tmp_path) as server:
        send(server.port, b"Subject: none\r\n\r\nMessage-ID: <in@the.body.example>\r\n")
    (file,) = kept(tmp_path)
    assert mark("<in@the.body.example>") not in file.name


def test_what_cannot_be_kept_is_refused_for_now_and_not_counted(tmp_path):
    with LoopbackServer(tmp_path) as server:
        (tmp_path / "tmp").rmdir()
        with pytest.raises(smtplib.SMTPDataError) as refused:
            send(server.port, LETTER)
        assert refused.value.smtp_code == 452
        assert server.taken == 0


def test_it_listens_on_loopback_alone_and_no_longer_afterwards(tmp_path):
    with LoopbackServer(tmp_path) as server:
        port = server.port
        with socket.create_connection((HOST, port)) as idle:
            assert idle.getpeername()[0] == "127.0.0.1"
            assert idle.recv(100).startswith(b"220 ")
    with pytest.raises(ConnectionRefusedError), socket.create_connection((HOST, port)):
        pass


def test_two_run_side_by_side(tmp_path):
    with LoopbackServer(tmp_path / "a") as one, LoopbackServer(tmp_path / "b") as two:
        assert one.port != two.port
        send(two.port, LETTER)
    assert kept(tmp_path / "a") == []
    assert len(kept(tmp_path / "b")) == 1


def test_a_connection_of_the_last_moment_holds_nothing_up(tmp_path):
    with socket.socket() as late:
        with LoopbackServer(tmp_path) as server:
            late.connect((HOST, server.port))
        late.settimeout(10)
        while late.recv(100):
            pass
