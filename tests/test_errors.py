"""What the system says is told in the user's language."""

from __future__ import annotations

import errno
import os
import ssl

import pytest

from wsyf_scheduler import i18n
from wsyf_scheduler.errors import reason


@pytest.mark.parametrize("code", [errno.ENOENT, errno.EACCES, errno.ENOSPC, errno.EISDIR, errno.EROFS, errno.ENOTDIR])
def test_in_english_the_system_s_own_words_stand(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    i18n._catalogue.cache_clear()
    try:
        assert reason(OSError(code, os.strerror(code))) == os.strerror(code)
    finally:
        i18n._catalogue.cache_clear()


def test_what_is_not_foreseen_stands_as_it_is() -> None:
    assert reason(OSError(errno.EXDEV, os.strerror(errno.EXDEV))) == os.strerror(errno.EXDEV)
    assert reason(OSError("of its own")) == "of its own"
    assert reason(OSError()) == "OSError"


def test_a_number_of_tls_is_not_taken_for_one_of_the_system() -> None:
    assert reason(ssl.SSLError(errno.EPERM, "handshake failure")) == "handshake failure"
