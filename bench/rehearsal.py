"""The rehearsal of the Gaoping plan, 2022-05-19 to 2026-06-30, as whole processes."""

from __future__ import annotations

from pathlib import Path

from bench import measure, office

ROUNDS = 4
WORDS = ["rehearse", "--from", "2022-05-19", "--to", "2026-06-30", "--json"]
GOALS = {"without letters": "≤ 2,000 ms", "all letters written to a maildir": "≤ 5,000 ms"}


def run(scratch: Path, *, rounds: int = ROUNDS) -> str:
    folder = scratch / "office" if (scratch / "office").exists() else office.lay_out(scratch)
    commands: dict[str, measure.Command] = {
        "without letters": lambda _turn: [office.WSYF, *WORDS],
        "all letters written to a maildir": lambda turn: [*_letters(scratch, turn)],
        "the same, people closing in time": lambda _turn: [office.WSYF, *WORDS, "--assume", "on-time"],
    }
    found = measure.processes(commands, rounds=rounds, folder=folder, env=office.environment(scratch))
    rows = [(name, *times.columns(), GOALS.get(name, "")) for name, times in found.items()]
    count = sum(1 for _ in (scratch / "letters0" / "new").iterdir())
    return measure.table((f"{count:,} messages", *measure.COLUMNS, "goal"), rows)


def _letters(scratch: Path, turn: int) -> list[str]:
    return [office.WSYF, *WORDS, "--maildir", str(scratch / f"letters{turn}")]
