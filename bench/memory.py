"""What the daemon holds and spends while nothing happens: a real one, on an office of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bench import measure, office

WATCHED = 75  # seconds: more than one sweep
SETTLED = 5
LIBRARIES = ("click", "sqlalchemy", "sqlmodel", "apscheduler.schedulers.background", "jinja2", "aiosmtplib")
RESIDENT = "import {}; print(open('/proc/self/status').read().split('VmRSS:')[1].split()[0])"


def run(scratch: Path) -> str:
    folder = scratch / "office" if (scratch / "office").exists() else office.lay_out(scratch)
    env = office.environment(scratch)
    rows = [(f"import {name}", _resident(name, env), "", "") for name in LIBRARIES]
    rows.append(("all six", _resident(", ".join(LIBRARIES), env), "", ""))
    resident, spent = _daemon(folder, env)
    rows.append(("`wsyf daemon`, idle", f"{resident / 1024:.0f}", f"{spent * 3600 / WATCHED:.2f}", "≤ 70 MB, ≤ 0.5 s"))
    return measure.table(("", "resident MB", "CPU seconds an hour", "goal"), rows)


def _resident(names: str, env: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", RESIDENT.format(names)], env=env, check=True, capture_output=True, text=True
    )
    return f"{int(done.stdout) / 1024:.0f}"


def _daemon(folder: Path, env: dict[str, str]) -> tuple[float, float]:
    """Resident kB, and the processor's seconds spent while it was watched."""
    daemon = subprocess.Popen([office.WSYF, "daemon"], cwd=folder, env=env, stderr=subprocess.DEVNULL)
    try:
        time.sleep(SETTLED)
        before = _spent(daemon.pid)
        time.sleep(WATCHED)
        spent = _spent(daemon.pid) - before
        status = Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii")
        return float(status.split("VmRSS:")[1].split()[0]), spent
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()


def _spent(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
