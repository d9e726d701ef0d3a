"""Tables line up with Chinese in them, fit the screen, and lose nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wsyf_scheduler.cli.grid import clip, fold, grid, width

TEXTS = st.text(alphabet="ab -，。安全生产（）1é\u0301\n", max_size=40)


def test_columns_stand_under_their_headers_with_chinese_in_them() -> None:
    lines = grid(("键", "task"), [("2023/1", "事故数据"), ("1", "x")], columns=80, keep=(0,))
    assert lines == [
        " 键       task",
        " ─────────────────",
        " 2023/1   事故数据",
        " 1        x",
    ]


def test_a_wide_cell_wraps_between_chinese_characters_and_kept_columns_do_not() -> None:
    lines = grid(("key", "task"), [("2023/1/emergency", "建立工伤预防联席会议制度，及工作机制")], columns=40, keep=(0,))
    assert lines[2:] == [
        " 2023/1/emergency  建立工伤预防联席会议",
        "                   制度，及工作机制",
    ]


def test_kept_columns_fold_only_where_nothing_else_gives_way() -> None:
    lines = grid(("key", "task"), [("2023/1/emergency", "事故数据")], columns=18, keep=(0,))
    assert lines[2:] == [" 2023/1/emer  事故", " gency        数据"]


def test_a_stop_never_begins_a_line() -> None:
    assert fold("安全生产，事故", 8) == ["安全生", "产，事故"]


def test_words_stay_whole_and_a_word_wider_than_the_column_is_parted() -> None:
    assert [line.rstrip() for line in fold("one two three", 8)] == ["one two", "three"]
    assert fold("abcdefgh", 3) == ["abc", "def", "gh"]


def test_control_characters_of_data_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in "".join(grid(("name",), [("\x1b[31mred",)], columns=80, keep=(0,)))


@given(TEXTS, st.integers(min_value=4, max_value=30))
def test_folding_loses_nothing_but_line_breaks_and_never_overflows(text: str, columns: int) -> None:
    lines = fold(text, columns)
    assert "".join(lines) == text.replace("\n", "")
    assert all(width(line.rstrip()) <= columns for line in lines)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5), st.integers(min_value=30, max_value=100))
def test_every_line_fits_the_screen(rows: list[tuple[str, str]], columns: int) -> None:
    assert all(width(line) <= columns for line in grid(("a", "b"), rows, columns=columns, keep=()))


def test_an_opening_mark_never_ends_a_line_and_a_number_keeps_its_unit() -> None:
    assert fold("已逾期（第45天）", 10) == ["已逾期", "（第45天）"]
    assert fold("事故数据2019年度", 13) == ["事故数据", "2019年度"]
    assert fold("安见《办法》。", 6) == ["安见", "《办", "法》。"]


def test_a_command_between_backticks_is_not_parted_unless_it_is_wider_than_the_line() -> None:
    assert fold("look at `wsyf outbox list`, then act", 24) == ["look at ", "`wsyf outbox list`, then ", "act"]
    assert [line.strip() for line in fold("see `wsyf outbox list`", 12)] == ["see `wsyf", "outbox list`"]


def test_a_word_that_is_to_be_copied_stays_whole() -> None:
    assert fold("kept in /a/very/long/path here", 10, whole=True) == ["kept in ", "/a/very/long/path ", "here"]


def test_clipping_leaves_one_line_with_dots() -> None:
    assert clip("建立工伤预防联席会议", 9) == "建立工伤…"
    assert clip("建立（工伤）", 7) == "建立…"
    assert clip("short", 5) == "short"


@given(TEXTS, st.integers(min_value=1, max_value=30))
def test_a_clipped_text_fits(text: str, columns: int) -> None:
    assert width(clip(text.replace("\n", " "), columns)) <= columns
