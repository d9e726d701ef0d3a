"""Whom `wsyf explain --person` asks about: an address, a name, or a post somebody reads for on a day. Light reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from wsyf_scheduler import whom
from wsyf_scheduler.errors import Usage
from wsyf_scheduler.i18n import _
from wsyf_scheduler.reports.explain import watch
from wsyf_scheduler.reports.past import Past


def address_of(source: Past, names: Mapping[str, str], text: str, on: date) -> str:
    """The address meant by an address, a holder's name or a post (应急联络员, transport/liaison, chief).

    What is none of these comes back as it is. Usage where several addresses are meant, naming them. `names` are
    departments' short names.
    """
    if "@" in text:
        return text
    post = whom.post("/".join(text.split()), names)
    if post is not None:
        found = [reader.address for reader in watch(source, post, on).readers]
    else:
        holders = source.posts.holders(source.end_of(on))
        found = [each.email for each in holders if each.name == text.strip() and each.holds_on(on)]
    meant = list(dict.fromkeys(found))
    if len(meant) > 1:
        message = _("{text} could mean {addresses}: name one of them")
        raise Usage(message.format(text=text, addresses=", ".join(meant)))
    return meant[0] if meant else text
