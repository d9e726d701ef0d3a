"""The dead-man signal, against real servers on loopback: said in time, never in the way, never telling its secret."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.cast import Office, make_office
from wsyf_scheduler import pinging
from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.config import AlertSettings
from wsyf_scheduler.pinging import Pinger, fail_url, shown
from wsyf_scheduler.store import facts

SECRET = "5f3c1a2e-secret"


class Server:
    """Takes pings and remembers them; `answer` says how, `held` keeps the answer back until it is set."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self.code, self.headers = 200, dict[str, str]()
        self.held = threading.Event()
        self.held.set()
        self.arrived = threading.Semaphore(0)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._take()

            def do_POST(self) -> None:
                self._take()

            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                outer.seen.append((self.command, self.path, body))
                outer.arrived.release()
                outer.held.wait(60)
                try:
                    self.send_response(outer.code)
                    for name, value in outer.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                except OSError:
                    pass  # cut off

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/ping/{SECRET}"

    def close(self) -> None:
        self.held.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@contextmanager
def pinger(url: str | None) -> Iterator[tuple[Pinger, Office]]:
    office = make_office("2023-03-01 09:00")
    office.settle(alerts=AlertSettings(command=(), timeout=timedelta(seconds=1), ping_url=url))
    made = Pinger(office.app)
    try:
        yield made, office
    finally:
        made.close()


def until(true: Callable[[], object]) -> None:
    """Wait for a condition, ten seconds at most."""
    ends_at, wait = monotonic() + 10, threading.Event()
    while not true():
        assert monotonic() < ends_at
        wait.wait(0.01)


def idle(made: Pinger) -> None:
    """Wait until nothing is under way."""
    until(lambda: made._thread is None)


def ping(made: Pinger, trouble: str = "") -> None:
    made.after(trouble)
    idle(made)


def known(office: Office) -> dict[str, Any] | None:
    with office.db.read() as session:
        found: dict[str, Any] | None = json.loads(facts.get(session, "ping") or "null")
    return found


def test_a_clean_sweep_is_told_by_a_get_and_trouble_by_a_post_to_fail(server):
    with pinger(server.url) as (made, _office):
        ping(made)
        ping(made, "deliver: 邮件服务器无应答")
    assert server.seen == [
        ("GET", f"/ping/{SECRET}", ""),
        ("POST", f"/ping/{SECRET}/fail", "deliver: 邮件服务器无应答"),
    ]


def test_without_a_url_nothing_happens_and_old_trouble_is_forgotten():
    with pinger(None) as (made, office):
        made.after("")
        assert made._thread is None
        assert known(office) is None
    with office.db.begin() as session:
        facts.put(session, "ping", json.dumps({"at": "2023-03-01", "ok": False, "trouble": "x"}))
    Pinger(office.app).after("")
    assert known(office) is None


def test_status_hears_since_when_pings_fail_and_the_log_says_it_once(server, caplog):
    with pinger(server.url) as (made, office):
        server.code = 503
        ping(made)
        made.after("")
        assert known(office) == {
            "at": "2023-03-01T01:00:00+00:00",
            "ok": False,
            "trouble": "http://127.0.0.1 answered 503",
        }
        idle(made)
        office.go("2023-03-01 10:00")
        ping(made)
        assert known(office)["at"] == "2023-03-01T01:00:00+00:00"
        assert caplog.text.count("the ping failed") == 1
        server.code = 200
        ping(made)
    assert known(office) == {"at": "2023-03-01T02:00:00+00:00", "ok": True, "trouble": ""}


def test_what_is_known_is_not_written_again_after_a_restart(server):
    with pinger(server.url) as (made, office):
        ping(made)
        made.close()
        before = known(office)
        office.go("2023-03-02 09:00")
        again = Pinger(office.app)
        ping(again)
        again.close()
        assert known(office) == before


def test_a_hanging_server_delays_no_sweep_and_no_stop_and_only_one_ping_is_under_way(server):
    server.held.clear()
    with pinger(server.url) as (made, _office):
        made.after("")
        assert server.arrived.acquire(timeout=10)
        began = monotonic()
        for n in range(50):
            made.after("trouble" if n == 49 else "")
        assert monotonic() - began < 5
        assert len(server.seen) == 1
        server.held.set()
        idle(made)
        assert [method for method, _path, _body in server.seen] == ["GET", "POST"]  # the newest of what waited
        server.held.clear()
        made.after("")
        until(lambda: len(server.seen) == 3)
        began = monotonic()
        made.close()
        assert monotonic() - began < 5


def test_a_server_that_never_comes_to_an_end_is_cut_off_at_a_later_sweep(server, monkeypatch):
    server.held.clear()
    with pinger(server.url) as (made, office):
        made.after("")
        assert server.arrived.acquire(timeout=10)
        monkeypatch.setattr(pinging, "LONGEST", 0.0)
        made.after("")
        assert server.arrived.acquire(timeout=10)  # the next one comes through
        server.held.set()
        idle(made)
        assert len(server.seen) == 2
        del office


def test_its_secret_is_nowhere_to_be_seen(server, caplog):
    caplog.set_level("DEBUG")
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    urls = [
        f"http://127.0.0.1:{port}/{SECRET}",
        f"http://user:{SECRET}@127.0.0.1:{port}/",
        f"http://127.0.0.1:{SECRET}/",
        f"http://[{SECRET}/",
        f"http:///{SECRET}",
        f"http://127.0.0.1:{port}/{SECRET} with a blank",
        f"http://127.0.0.1:{port}/{SECRET}/工伤",
        f"http://{SECRET * 40}.example/",
        f"https://127.0.0.1:{server.url.rpartition(':')[2]}",  # no TLS there
    ]
    for url in urls:
        with pinger(url) as (made, office):
            ping(made)
            ping(made, "trouble")
            made.after("")
            found = known(office)
            assert found is not None
            assert found["ok"] is False
            words = found["trouble"].replace(SECRET * 40, "")  # a host may be shown
            assert SECRET not in words
    assert SECRET not in caplog.text.replace(SECRET * 40, "")


@pytest.mark.parametrize("to", ["https://127.0.0.1:1/x", "file:///etc/passwd", "ftp://127.0.0.1:1/x"])
def test_no_redirect_leads_to_another_scheme(server, to):
    server.code, server.headers = 302, {"Location": to}
    with pinger(server.url) as (made, office):
        ping(made)
        made.after("")
        assert known(office)["trouble"] == "http://127.0.0.1 answered 302"


def test_a_redirect_within_the_scheme_is_followed(server):
    other = Server()
    server.code, server.headers = 307, {"Location": other.url}
    with pinger(server.url) as (made, office):
        ping(made)
        made.after("")
        assert known(office)["ok"] is True
    other.close()
    assert len(other.seen) >= 1


def test_a_proxy_of_the_environment_is_not_asked_for_loopback(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with pinger(server.url) as (made, _office):
        ping(made)
    with pinger(server.url.replace("127.0.0.1", "localhost")) as (made, _office):
        ping(made)
    assert len(server.seen) == 2
    with pinger("http://monitor.example/x") as (made, office):
        ping(made)
        made.after("")
        assert known(office)["trouble"] == "http://monitor.example cannot be reached: Connection refused"


def test_a_broken_database_keeps_no_ping_back(server):
    with pinger(server.url) as (made, office):
        with office.db.begin() as session:
            session.exec_driver_sql("DROP TABLE fact")
        ping(made, "remind: the disk is full")
        ping(made, "remind: the disk is full")
    assert [path for _method, path, _body in server.seen] == [f"/ping/{SECRET}/fail"] * 2


def test_fail_stands_behind_the_path():
    assert fail_url("https://hc.example/uuid") == "https://hc.example/uuid/fail"
    assert fail_url("https://hc.example/key/slug/?create=1") == "https://hc.example/key/slug/fail?create=1"
    assert shown("https://user:pw@hc.example:8443/uuid?x=1") == "https://hc.example"
