"""What stands in the place of an erased address (docs/decisions/0013). Pure."""

from __future__ import annotations

import re

ERASED = re.compile(r"sha256:[0-9a-f]{64}")


def hashed(address: str) -> str:
    """What stands in the place of an erased address, in whatever case it was written."""
    import hashlib

    return f"sha256:{hashlib.sha256(address.casefold().encode()).hexdigest()}"


def is_erased(address: str) -> bool:
    """Whether this stands in the place of an erased address."""
    return ERASED.fullmatch(address) is not None
