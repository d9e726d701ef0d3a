"""The dead-man signal: a URL fetched after each clean sweep, so that someone is told when no sweep comes any more.

In the manner of Healthchecks: GET the URL when all is well, POST what is wrong to `URL/fail`. A thread of its own does
it, so that a hanging server delays neither a sweep nor a stop. Imports app, clock, i18n and store.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from wsyf_scheduler.app import App
from wsyf_scheduler.clock import monotonic
from wsyf_scheduler.errors import WsyfError
from wsyf_scheduler.i18n import _
from wsyf_scheduler.store import facts

log = logging.getLogger(__name__)

PING = "ping"  # the fact: since when pings go well, or do not, and why
TIMEOUT = 10.0  # seconds to connect, and between two bytes of the answer
LONGEST = 30.0  # seconds one ping may take in all: a server that drips is cut off at the next sweep
GRACE = 0.2  # seconds a ping under way is waited for when the daemon leaves
MOST = 10_000  # bytes of trouble that are posted


class Pinger:
    """Sends the office's pings, one at a time; a newer one waits for the one under way, and takes the place of others.

    `after` and `close` are for the thread that sweeps; only they touch the database.
    """

    def __init__(self, app: App) -> None:
        """Nothing is sent yet; where the config names no URL nothing ever is. A new config needs a new one."""
        self._app, self._url = app, app.config.alerts.ping_url
        self._lock = threading.Lock()  # over what follows
        self._wish: str | None = None  # what the next ping is to say
        self._thread: threading.Thread | None = None
        self._under_way: _Fetch | None = None
        self._found: str | None = None  # what was wrong with the last ping, empty where it went well
        self._kept: str | None = None  # the same as the database has it

    def after(self, trouble: str) -> None:
        """Ping after a sweep: that all went well, or what it stumbled over. Returns at once."""
        if self._url is None:
            self._forget()
            return
        with self._lock:
            self._wish = trouble
            if self._under_way is not None:
                self._under_way.cut(LONGEST)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="ping", daemon=True)
                self._thread.start()
        self._keep()

    def close(self) -> None:
        """Send no more; one under way is cut off."""
        with self._lock:
            self._wish, thread = None, self._thread
            if self._under_way is not None:
                self._under_way.cut(0)
        if thread is not None:
            thread.join(GRACE)
        self._keep()

    def _work(self) -> None:
        """In a thread of its own: send what is wished until nothing is."""
        while True:
            with self._lock:
                if self._wish is None or self._url is None:
                    self._thread = self._under_way = None
                    return
                fetch = self._under_way = _Fetch(self._url, self._wish)
                self._wish = None
            self._note(fetch.run())

    def _note(self, trouble: str) -> None:
        """Say it when it changes."""
        with self._lock:
            known, self._found = self._found, trouble
        if trouble and trouble != known:
            log.warning("the ping failed: %s", trouble, extra={"action": "ping_failed"})
        elif known and not trouble:
            log.info("the ping goes through again", extra={"action": "ping_done"})

    def _keep(self) -> None:
        """Keep for `wsyf status` how pings go, and since when, whenever that has changed."""
        with self._lock:
            found = self._found
        if found is None or found == self._kept:
            return
        now = {"at": self._app.clock.now().isoformat(), "ok": not found, "trouble": found}
        with suppress(WsyfError), self._app.db.begin() as session:  # what ails the database is told by the sweep
            before = json.loads(facts.get(session, PING) or "null") or {}
            if before.get("trouble") != found:
                facts.put(session, PING, json.dumps(now, ensure_ascii=False))
            self._kept = found

    def _forget(self) -> None:
        """What was known of pings says nothing any more where the config has no URL."""
        if self._kept is None:
            with suppress(WsyfError), self._app.db.begin() as session:
                if facts.get(session, PING) is not None:
                    facts.put(session, PING, "null")
                self._kept = ""


def shown(url: str) -> str:
    """As much of the URL as may be seen: scheme and host. The rest may be a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "?"
    return f"{parts.scheme}://{parts.hostname or '?'}"


def fail_url(url: str) -> str:
    """The URL that hears of trouble: `/fail` at the end of its path; a query stays behind that."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/fail"))


class _Fetch:
    """One ping, which another thread may cut off."""

    def __init__(self, url: str, trouble: str) -> None:
        self._url, self._trouble = url, trouble
        self._began = monotonic()
        self._sockets: list[socket.socket] = []
        self._cut = False

    def run(self) -> str:
        """Send it; returns what went wrong, empty where the server took it. Never the URL."""
        try:
            self._open()
        except HTTPError as error:
            error.close()
            return _("{where} answered {code}").format(where=shown(self._url), code=error.code)
        except (OSError, HTTPException, ValueError) as error:  # ValueError: no URL at all, or one that is not ASCII
            why = _("it took too long") if self._cut else _why(error)
            return _("{where} cannot be reached: {why}").format(where=shown(self._url), why=why)
        return ""

    def cut(self, longest: float) -> None:
        """End it where it has taken longer than so many seconds."""
        if monotonic() - self._began >= longest:
            self._cut = True
            for each in list(self._sockets):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _open(self) -> None:
        headers = {"User-Agent": "wsyf-scheduler"}
        if self._trouble:
            data = self._trouble.encode(errors="replace")[:MOST]
            headers["Content-Type"] = "text/plain; charset=utf-8"
            request = Request(fail_url(self._url), data=data, headers=headers)  # noqa: S310 - http or https, by config
        else:
            request = Request(self._url, headers=headers)  # noqa: S310 - the same
        proxies = ProxyHandler({} if _is_loopback(request) else None)
        opener = build_opener(proxies, _SameScheme(), _Http(self._sockets), _Https(self._sockets))
        opener.open(request, timeout=TIMEOUT).close()


def _is_loopback(request: Request) -> bool:
    host = urlsplit(request.full_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _why(error: Exception) -> str:
    """Why, without the URL, which some errors quote."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return _("no answer within {n} s").format(n=f"{TIMEOUT:g}")
    return str(getattr(reason, "strerror", None) or getattr(reason, "verify_message", None) or type(reason).__name__)


class _SameScheme(HTTPRedirectHandler):
    """Follows a redirect only within http, or within https."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme != req.type:
            raise HTTPError(req.full_url, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Line(HTTPConnection):
    """A connection that leaves its socket where another thread can shut it."""

    sockets: list[socket.socket]

    def connect(self) -> None:
        super().connect()
        self.sockets.append(self.sock)


class _SecureLine(HTTPSConnection):
    """The same over TLS."""

    sockets: list[socket.socket]

    def connect(self) -> None:
        super().connect()
        self.sockets.append(self.sock)


class _Http(HTTPHandler):
    def __init__(self, sockets: list[socket.socket]) -> None:
        super().__init__()
        self._sockets = sockets

    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_with(_Line, self._sockets), req)


class _Https(HTTPSHandler):
    def __init__(self, sockets: list[socket.socket]) -> None:
        super().__init__()
        self._sockets = sockets

    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_with(_SecureLine, self._sockets), req)


def _with(kind: type[_Line | _SecureLine], sockets: list[socket.socket]) -> Callable[..., Any]:
    def make(host: str, **given: Any) -> HTTPConnection:
        made = kind(host, **given)
        made.sockets = sockets
        return made

    return make
