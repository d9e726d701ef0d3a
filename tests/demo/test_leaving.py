"""Ctrl-C: the first asks, the second leaves at once, and afterwards all is as before."""

from __future__ import annotations

import signal

import pytest

from wsyf_scheduler.demo.leaving import on_ctrl_c


def test_the_first_is_a_question_answered_later_and_the_second_leaves():
    before = signal.getsignal(signal.SIGINT)
    with on_ctrl_c() as asked:
        assert not asked()
        signal.raise_signal(signal.SIGINT)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
