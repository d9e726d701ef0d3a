"""A mail server that does everything wrong: no letter lost, none doubled but those in doubt, all of it in the ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.crash.balancing import Books, Result
from tests.crash.faulty import faulty_year


def check(books: Books, letters: int) -> None:
    result = books.result
    assert result.wrong == []
    assert result.never == set()  # every fault was shown at every point
    assert result.messages >= letters
    assert result.lost == 0
    assert set(result.states) <= {"sent", "discarded", "superseded", "cancelled"}
    assert result.outcomes["uncertain"] >= result.doubles > 0


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    return faulty_year(tmp_path_factory.mktemp("faulty"), letters=300, seed=1)


def test_three_hundred_letters_through_a_faulty_server_arrive_and_the_ledger_is_its_journal(year):
    check(year, 300)


@pytest.mark.long
def test_ten_thousand_letters_through_a_faulty_server_arrive_and_the_ledger_is_its_journal(tmp_path):
    check(faulty_year(tmp_path, letters=10_000, seed=2), 10_000)


def test_the_books_show_what_is_lost_forged_or_left_out(year):
    def said() -> str:
        books = replace(year, result=Result(1))
        books.balance()
        return "\n".join(books.result.wrong)

    assert said() == ""
    taken = list(year.host.taken)
    last = next(each for each in reversed(taken) if each.said_yes)
    year.host.taken.remove(last)
    assert "counts as sent, and" in said()
    year.host.taken[:] = [*taken, replace(last)]
    assert "taken more than once, each time with a yes" in said()
    year.host.taken[:] = [each if each is not last else replace(last, data=b"else") for each in taken]
    assert "with other bytes" in said()
    year.host.taken[:] = taken
    year.office.sql("UPDATE attempt SET phase = 'data' WHERE id = (SELECT max(id) FROM attempt WHERE phase = 'reply')")
    assert "the server knows nothing of" in said()
    assert "not in the ledger" in said()
    year.office.sql("UPDATE attempt SET phase = 'reply' WHERE id = (SELECT max(id) FROM attempt WHERE phase = 'data')")
    year.office.sql("DELETE FROM refused_address")
    assert "marked []" in said()
