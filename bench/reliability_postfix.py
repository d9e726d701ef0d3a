"""A sound peer: Debian's Postfix on loopback takes letters into maildirs; each must arrive once."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

from tests.crash.balancing import Result
from tests.crash.faults import FaultyManners
from tests.crash.faulty import Year, opened
from tests.crash.kill_office import BEGINS_AT, DEPARTMENTS, KillOffice, address_of, holders, lay_out
from wsyf_scheduler.clock import FixedClock

PATIENCE = 60  # seconds
UNKNOWN = frozenset({address_of("liaison", "d03"), address_of("liaison", "d07"), address_of("convener", "d07")})

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.county.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
virtual_mailbox_domains = county.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/known
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_relay_restrictions = reject_unauth_destination
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def run(folder: Path, *, letters: int = 200) -> tuple[str, bool]:
    """So many letters through Postfix; what became of them, and whether all is well. A note where it is not here."""
    if shutil.which("postfix") is None or os.geteuid() != 0:
        return "Left out: Postfix is not installed here, or this is not root (`apt-get install postfix`).\n", True
    with postfix(folder / "postfix") as port:
        result, office = send(folder / "office", port, letters)
        arrived = wait_for_all(folder / "postfix" / "mail", office)
    return told(result, office, arrived)


@contextmanager
def postfix(folder: Path) -> Iterator[int]:
    """An instance of its own, with its own queue; its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    for name in ("queue", "data", "mail", "config"):
        (folder / name).mkdir(parents=True)
    shutil.chown(folder / "data", "postfix")
    shutil.chown(folder / "mail", "nobody", "nogroup")
    owner = (folder / "mail").stat()
    known = [each.email for each in holders(DEPARTMENTS) if each.email not in UNKNOWN] + ["office@county.example"]
    (folder / "known").write_text("".join(f"{address} {address.partition('@')[0]}/\n" for address in known))
    (folder / "config" / "main.cf").write_text(MAIN.format(folder=folder, uid=owner.st_uid, gid=owner.st_gid))
    (folder / "config" / "master.cf").write_text(MASTER.format(port=port))
    command = ["postfix", "-c", str(folder / "config")]
    subprocess.run([*command, "start"], check=True, capture_output=True)
    try:
        yield port
    finally:
        subprocess.run([*command, "stop"], check=True, capture_output=True)


def send(folder: Path, port: int, letters: int) -> tuple[Result, KillOffice]:
    """Live until so many letters were queued, and all of them sent."""
    clock = FixedClock(BEGINS_AT)
    office = lay_out(folder, port)
    app = opened(office, clock, timeout=20)
    year = Year(app, clock, FaultyManners(0, clock.now), Result(0))
    year.live(letters)
    app.db.close()
    return year.result, office


def wait_for_all(folder: Path, office: KillOffice) -> Counter[tuple[str, str]]:
    """Copies by Message-ID and mailbox, once nothing more comes."""
    wanted = sum(
        copies
        for (copies,) in office.sql(
            "SELECT json_array_length(\"to\") + json_array_length(cc) FROM message WHERE state = 'sent'"
        )
    )
    limit = time.monotonic() + PATIENCE
    while True:
        files = list(folder.glob("*/new/*"))
        if len(files) >= wanted or time.monotonic() > limit:
            time.sleep(1)  # for what may come too often
            files = list(folder.glob("*/new/*"))
            break
        time.sleep(0.2)
    return Counter((message_from_bytes(each.read_bytes())["Message-ID"], each.parent.parent.name) for each in files)


def told(result: Result, office: KillOffice, arrived: Counter[tuple[str, str]]) -> tuple[str, bool]:
    """What was sent, what arrived, whether the ledger has it so."""
    wanted: Counter[tuple[str, str]] = Counter()
    for header_id, to, cc in office.sql("SELECT message_id, \"to\", cc FROM message WHERE state = 'sent'"):
        readers = {*json.loads(to), *json.loads(cc)} - UNKNOWN
        wanted.update((header_id, address.partition("@")[0]) for address in readers)
    marked = {address for (address,) in office.sql("SELECT address FROM refused_address")}
    states = dict(office.sql("SELECT state, count(*) FROM message GROUP BY 1"))
    version = subprocess.run(["postconf", "mail_version"], capture_output=True, text=True, check=True).stdout.split()[
        -1
    ]
    lost, doubled = wanted - arrived, arrived - wanted
    words = (
        f"Postfix {version}: {sum(states.values())} letters ({_listed(states)}), {wanted.total()} copies owed,"
        f" {arrived.total()} arrived, {lost.total()} lost, {doubled.total()} doubled.\n"
        f"Of {len(UNKNOWN)} addresses it does not know, {len(marked & UNKNOWN)} are marked,"
        f" and {len(marked - UNKNOWN)} others; {result.rounds} rounds.\n"
    )
    return words, not lost and not doubled and bool(marked) and marked <= UNKNOWN and set(states) <= {"sent"}


def _listed(states: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in states.items())
