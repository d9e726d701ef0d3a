"""The trail as a chain: whatever is changed, taken away, moved or added is found, and the right event is named."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cast import at, make_office
from wsyf_scheduler.errors import DatabaseTrouble
from wsyf_scheduler.store import events
from wsyf_scheduler.store.chain import SAID, Break, Fault, Verified, verify
from wsyf_scheduler.store.db import Database
from wsyf_scheduler.store.upgrade import config, create, upgrade

PLANS = ("county-2023", "", "city-2021")
COUNT = 60
FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty events in three chains, interleaved, in a database made by its migrations; nobody has it open."""
    path = tmp_path_factory.mktemp("trail") / "wsyf.db"
    db = Database(f"sqlite:///{path}")
    create(db)
    dice = random.Random(20260302)
    for number in range(COUNT):
        with db.begin() as session:
            events.add(
                session,
                at=at(f"2026-03-{number // 10 + 1:02} 09:{number:02}"),
                who=dice.choice(("wsyf", "李经办")),
                action=dice.choice(("message_sent", "assignment_done", "plan_synced")),
                plan_id=dice.choice(PLANS) or None,
                from_state=dice.choice((None, "open")),
                to_state=dice.choice((None, "done")),
                why=dice.choice(("", "已收到\n“原件”")),
                detail={"n": number},
            )
    db.close()
    return path


@pytest.fixture
def path(trail: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copy(trail, tmp_path / "wsyf.db"))


@contextmanager
def hands_on(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody with the database in hand, whom no constraint stops."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        yield connection


def row(connection: sqlite3.Connection, event_id: int) -> dict[str, Any]:
    cursor = connection.execute("SELECT * FROM event WHERE id = ?", (event_id,))
    return dict(zip([name for name, *_ in cursor.description], cursor.fetchone(), strict=True))


def put(connection: sqlite3.Connection, event_id: int, **values: object) -> None:
    names = ", ".join(f"{name} = ?" for name in values)
    connection.execute(f"UPDATE event SET {names} WHERE id = ?", (*values.values(), event_id))


def neighbours(connection: sqlite3.Connection) -> list[list[int]]:
    """The ids of each chain, in order."""
    chains = [chain for (chain,) in connection.execute("SELECT chain FROM chain_head ORDER BY chain")]
    query = "SELECT id FROM event WHERE chain = ? ORDER BY seq"
    return [[event_id for (event_id,) in connection.execute(query, (chain,))] for chain in chains]


def ids(found: Verified) -> set[int]:
    return {each.row.id for each in found.breaks if each.row is not None}


def faults(found: Verified) -> list[Fault]:
    return [each.fault for each in found.breaks]


def only(found: Verified) -> Break:
    assert len(found.breaks) == 1, found.breaks
    return found.breaks[0]


# --- A trail nobody touched -------------------------------------------------------


def test_an_untouched_trail_is_unbroken_and_its_heads_are_told(path: Path) -> None:
    found = verify(path)
    assert (found.events, found.breaks, found.unnamed) == (COUNT, (), 0)
    with hands_on(path) as connection:
        known = connection.execute("SELECT chain, seq, hash FROM chain_head ORDER BY chain").fetchall()
    assert [(head.chain, head.seq, head.hash) for head in found.heads] == known


def test_the_trail_of_an_office_that_lived_is_unbroken(tmp_path: Path) -> None:
    office = make_office()
    office.live("2023-05-01 00:00")
    path = tmp_path / "lived.db"
    with office.db.read() as session:
        driver = session.connection.driver_connection
        assert driver is not None
        with closing(sqlite3.connect(path)) as copy:
            driver.backup(copy)
    found = verify(path)
    assert found.breaks == ()
    assert found.events == len(office.events()) > 20


def test_a_database_without_events_is_unbroken(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path}/wsyf.db")
    create(db)
    db.close()
    assert verify(tmp_path / "wsyf.db") == Verified(events=0, heads=(), breaks=())


def test_a_walk_sees_one_moment_while_others_write(path: Path) -> None:
    db = Database(f"sqlite:///{path}")
    added = 0

    def write(_events: int) -> None:
        nonlocal added
        with db.begin() as session:
            events.add(session, at=at("2026-04-01 09:00"), who="x", action="note", plan_id=PLANS[0])
        added += 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wsyf_scheduler.store.chain.STEP", 1)
        assert verify(path, on_progress=write).breaks == ()
    db.close()
    assert added == COUNT
    assert verify(path).breaks == ()


# --- Whatever is done to it is found ----------------------------------------------

OTHERS = {"at": "2026-03-01 01:00:00.000001", "message_id": 7, "assignment_id": 7, "detail": "{}"}


@pytest.mark.parametrize("column", [*SAID, "hash"])
@FEW
@given(data=st.data())
def test_whatever_column_of_an_event_is_changed_that_event_alone_is_named(
    trail: Path, tmp_path: Path, column: str, data: st.DataObject
) -> None:
    path = Path(shutil.copy(trail, tmp_path / "tampered.db"))
    with hands_on(path) as connection:
        event_id = data.draw(st.integers(1, COUNT))
        before = row(connection, event_id)[column]
        after = data.draw(st.sampled_from([OTHERS.get(column, "别的"), f"{before} ", "", b"\xff", "\u202e"]))
        put(connection, event_id, **{column: after})
        if row(connection, event_id)[column] == before:
            return
    found = verify(path)
    assert ids(found) == {event_id}
    assert set(faults(found)) <= {Fault.CHANGED, Fault.HEAD}  # the hash of the last one is its chain's head


@pytest.mark.parametrize("seq", [0, -3, 100_000, "x", 2.5])
@FEW
@given(event_id=st.integers(1, COUNT))
def test_a_changed_number_leaves_a_gap_and_an_event_out_of_place(
    trail: Path, tmp_path: Path, seq: object, event_id: int
) -> None:
    path = Path(shutil.copy(trail, tmp_path / "tampered.db"))
    with hands_on(path) as connection:
        known = row(connection, event_id)
        put(connection, event_id, seq=seq)
    found = verify(path)
    assert event_id in ids(found)
    missing = [each for each in found.breaks if each.fault is Fault.MISSING]
    assert [(each.chain, each.seq) for each in missing] == [(known["chain"], known["seq"])]


@FEW
@given(event_id=st.integers(1, COUNT), chain=st.sampled_from([*PLANS, "another"]))
def test_an_event_moved_to_another_chain_is_missed_here_and_found_there(
    trail: Path, tmp_path: Path, event_id: int, chain: str
) -> None:
    path = Path(shutil.copy(trail, tmp_path / "tampered.db"))
    with hands_on(path) as connection:
        known = row(connection, event_id)
        if known["chain"] == chain:
            return
        put(connection, event_id, chain=chain, seq=500)
    found = verify(path)
    assert event_id in ids(found)
    assert (Fault.MISSING, known["chain"], known["seq"]) in [(one.fault, one.chain, one.seq) for one in found.breaks]


@FEW
@given(data=st.data())
def test_events_taken_away_are_named_by_their_numbers(trail: Path, tmp_path: Path, data: st.DataObject) -> None:
    """One or several, at the beginning, in the middle or at the end."""
    path = Path(shutil.copy(trail, tmp_path / "tampered.db"))
    with hands_on(path) as connection:
        chain = data.draw(st.sampled_from(neighbours(connection)))
        first = data.draw(st.integers(1, len(chain)))
        last = data.draw(st.integers(first, len(chain)))
        name = row(connection, chain[0])["chain"]
        connection.execute("DELETE FROM event WHERE chain = ? AND seq BETWEEN ? AND ?", (name, first, last))
    each = only(verify(path))
    assert (each.fault, each.chain, each.seq, each.last_seq) == (Fault.MISSING, name, first, last)


SWAPS = {
    "what they say": SAID,
    "all but their ids": (*SAID, "chain", "seq", "hash"),
    "their numbers": ("seq",),
    "their hashes": ("hash",),
    "what they say, and their hashes": (*SAID, "hash"),
}


@pytest.mark.parametrize("columns", SWAPS.values(), ids=SWAPS)
@FEW
@given(data=st.data())
def test_of_two_events_that_were_swapped_one_at_least_is_named_and_no_other(
    trail: Path, tmp_path: Path, columns: tuple[str, ...], data: st.DataObject
) -> None:
    path = Path(shutil.copy(trail, tmp_path / "tampered.db"))
    with hands_on(path) as connection:
        chain = data.draw(st.sampled_from(neighbours(connection)))
        one, two = data.draw(st.lists(st.sampled_from(chain), min_size=2, max_size=2, unique=True))
        first, second = row(connection, one), row(connection, two)
        put(connection, two, seq=-1)  # out of the way of the unique key
        put(connection, one, **{name: second[name] for name in columns})
        put(connection, two, **{"seq": second["seq"], **{name: first[name] for name in columns}})
    found = verify(path)
    assert ids(found)
    assert ids(found) <= {one, two}
    if "seq" in columns or columns == SAID:
        assert Fault.REORDERED in faults(found)


@FEW
@given(data=st.data())
def test_an_event_added_from_outside_is_named(trail: Path, tmp_path: Path, data: st.DataObject) -> None:
    """At the end, with a hash that fits or one that does not; or as a chain of its own."""
    path = Path(shutil.copy(trail, tmp_path / "tampered.db"))
    with hands_on(path) as connection:
        last = row(connection, data.draw(st.sampled_from(neighbours(connection)))[-1])
        new = {**last, "id": COUNT + data.draw(st.integers(1, 5)), "seq": last["seq"] + data.draw(st.integers(1, 3))}
        if data.draw(st.booleans()):
            new["hash"] = events.digest(last["hash"], [new["chain"], new["seq"], *(new[name] for name in SAID)])
        if data.draw(st.booleans()):
            new |= {"chain": "of-nobody", "plan_id": "of-nobody", "seq": 1}
        marks = ", ".join(f":{name}" for name in new)
        connection.execute(f"INSERT INTO event ({', '.join(new)}) VALUES ({marks})", new)
    found = verify(path)
    assert ids(found) == {new["id"]}
    assert {Fault.ADDED, Fault.HEAD} & set(faults(found))


@pytest.mark.parametrize(
    "change", ["seq = seq + 1", "seq = seq - 1", "seq = 'x'", "hash = 'x'", "hash = ''", "seq = 0, hash = ''"]
)
def test_a_changed_head_is_found(path: Path, change: str) -> None:
    with hands_on(path) as connection:
        connection.execute(f"UPDATE chain_head SET {change} WHERE chain = 'city-2021'")
    each = only(verify(path))
    assert (each.fault, each.chain) == (Fault.HEAD, "city-2021")


def test_a_head_that_is_gone_is_found_and_so_is_a_chain_that_is_gone(path: Path) -> None:
    with hands_on(path) as connection:
        connection.execute("DELETE FROM chain_head WHERE chain = ''")
        assert (only(verify(path)).fault, only(verify(path)).chain) == (Fault.HEAD, "")
        connection.execute("DELETE FROM event WHERE chain = ''")
        assert verify(path).breaks == ()  # of the office's own events nothing else tells; a noted head does
        values = "('city-2021', 1, '', 'Asia/Shanghai', '{}', '2026-03-01 00:00:00.000000', 'x')"
        connection.execute(
            f"INSERT INTO plan_version (plan_id, version, title, zone, texts, synced_at, who) VALUES {values}"
        )
        connection.execute("DELETE FROM event WHERE chain = 'city-2021'")
        assert only(verify(path)).fault is Fault.MISSING
        connection.execute("DELETE FROM chain_head WHERE chain = 'city-2021'")
    each = only(verify(path))
    assert (each.fault, each.chain, each.seq) == (Fault.HEAD, "city-2021", 0)


def test_an_event_rewritten_with_its_hash_betrays_itself_by_the_next(path: Path) -> None:
    with hands_on(path) as connection:
        one, two, three = neighbours(connection)[1][3:6]
        before, now = row(connection, one), {**row(connection, two), "who": "somebody"}
        said = [now["chain"], now["seq"], *(now[name] for name in SAID)]
        put(connection, two, who="somebody", hash=events.digest(before["hash"], said))
    assert ids(verify(path)) == {three}


def rewrite(path: Path, chain: str, since: int) -> None:
    """Change an event and make all that follow fit, head and all: what nobody can see in the database alone."""
    with hands_on(path) as connection:
        before = ""
        for event_id, seq in connection.execute(
            "SELECT id, seq FROM event WHERE chain = ? ORDER BY seq", (chain,)
        ).fetchall():
            if seq == since:
                put(connection, event_id, who="somebody")
            each = row(connection, event_id)
            before = events.digest(before, [chain, seq, *(each[name] for name in SAID)])
            put(connection, event_id, hash=before)
        connection.execute("UPDATE chain_head SET hash = ? WHERE chain = ?", (before, chain))


def test_a_head_noted_on_paper_finds_a_trail_rewritten_as_a_whole(path: Path) -> None:
    head = verify(path).heads[1]
    noted = {head.seq: [head.hash[:12]]}
    assert verify(path, expected=noted).breaks == ()
    rewrite(path, head.chain, head.seq - 5)
    assert verify(path).breaks == ()
    each = only(verify(path, expected=noted))
    assert (each.fault, each.seq) == (Fault.NOTED, head.seq)


def test_a_noted_head_stays_true_while_the_trail_grows(path: Path) -> None:
    heads = verify(path).heads
    db = Database(f"sqlite:///{path}")
    with db.begin() as session:
        events.add(session, at=at("2026-04-01 09:00"), who="x", action="note", plan_id=heads[1].chain)
    db.close()
    noted: dict[int, list[str]] = {}
    for head in heads:
        noted.setdefault(head.seq, []).append(head.hash[:8])
    assert verify(path, expected=noted).breaks == ()
    assert only(verify(path, expected={1: ["0" * 8]})).fault is Fault.NOTED
    assert only(verify(path, expected={10**9: ["0" * 8]})).fault is Fault.NOTED


def test_a_trail_tampered_with_everywhere_is_told_up_to_a_measure(path: Path) -> None:
    with hands_on(path) as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr("wsyf_scheduler.store.chain.MOST", 10)
        connection.execute("UPDATE event SET why = 'x'")
        found = verify(path)
    assert len(found.breaks) == 10
    assert found.unnamed == COUNT - 10


def test_what_is_no_text_and_what_is_no_unicode_breaks_nothing_but_the_chain(path: Path) -> None:
    with hands_on(path) as connection:
        put(connection, 5, who=b"\x00\xff")
        connection.execute("UPDATE event SET why = CAST(x'ff41' AS TEXT) WHERE id = 9")
    assert ids(verify(path)) == {5, 9}


def test_a_damaged_database_is_trouble_and_no_verdict(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(DatabaseTrouble, match="damaged or no database"):
        verify(path)


# --- Events from before there were chains ------------------------------------------


def test_events_written_before_there_were_chains_are_chained_by_the_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    db = Database(f"sqlite:///{path}")
    with db.exclusive() as connection:
        command.upgrade(config(connection), "0001")
    with hands_on(path) as old:
        for number in range(1, 41):
            plan_id = (None, "gaoping-2021-2025")[number % 2]
            values = (
                f"2022-05-{number % 28 + 1:02} 01:00:00.000000",
                "李",
                "plan_synced",
                plan_id,
                "已收到",
                '{"a": 1}',
            )
            old.execute("INSERT INTO event (at, who, action, plan_id, why, detail) VALUES (?, ?, ?, ?, ?, ?)", values)
    assert upgrade(db) == ("0001", "0004")
    found = verify(path)
    assert (found.events, found.breaks) == (40, ())
    assert [(head.chain, head.seq) for head in found.heads] == [("", 20), ("gaoping-2021-2025", 20)]
    with db.begin() as session:
        events.add(session, at=at("2026-04-01 09:00"), who="x", action="note", plan_id="gaoping-2021-2025")
    db.close()
    assert verify(path).breaks == ()
    with hands_on(path) as tampering:
        put(tampering, 12, why="never")
    assert ids(verify(path)) == {12}
