"""Who is meant by what a person typed: an address, a name, or a post such as emergency/liaison or 应急/联络员.

Imports core, files, errors and i18n.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES, PLAN_ROLES
from wsyf_scheduler.core.people import Holder, Post
from wsyf_scheduler.errors import Forbidden, NotFound, Usage, nearest
from wsyf_scheduler.files.people import ROLE_NAMES
from wsyf_scheduler.i18n import _
from wsyf_scheduler.values import is_address

CHINESE_ROLES = {role: name for name, role in ROLE_NAMES.items()}


def post(text: str, names: Mapping[str, str]) -> Post | None:
    """The post a text names, in any of its spellings; `names` are the departments' short names by id."""
    return spellings(names).get(text.casefold())


def spellings(names: Mapping[str, str]) -> dict[str, Post]:
    """Every way a post may be written: emergency/liaison, 应急/联络员, 应急联络员, director, 办公室主任."""
    found = {word: Post(role) for role in PLAN_ROLES for word in (role, CHINESE_ROLES[role])}
    for department, short in names.items():
        for role in DEPARTMENT_ROLES:
            of, by = (department, short), (role, CHINESE_ROLES[role])
            words = [f"{each}/{name}".casefold() for each in of for name in by]
            words += [f"{name}/{each}".casefold() for each in of for name in by]
            found |= dict.fromkeys((*words, f"{short}{CHINESE_ROLES[role]}"), Post(role, department))
    return found


def serving(holders: Iterable[Holder], day: date) -> list[Holder]:
    """Those who hold their post on a day, or later."""
    return [each for each in holders if each.until is None or each.until >= day]


def find(holders: Sequence[Holder], text: str, names: Mapping[str, str], day: date) -> list[Holder]:
    """The entries meant, of those who hold a post on the day or later.

    A post means its holders, an address or a name all the posts of that person. NotFound where nobody is meant;
    Forbidden where two people have the name.
    """
    present = serving(holders, day)
    if (meant := post(text, names)) is not None:
        return of_post(present, meant, text)
    if "@" in text:
        found = [each for each in present if each.email.casefold() == text.casefold()]
    else:
        found = [each for each in present if each.name == text.strip()]
    if not found:
        raise NotFound(_unknown(holders, present, text, names))
    addresses = list(dict.fromkeys(each.email for each in found))
    if len({each.casefold() for each in addresses}) > 1:
        words = _("{name} is the name of {n} people: {addresses}; name the address")
        raise Forbidden(words.format(name=text, n=len(addresses), addresses=", ".join(addresses)))
    return found


def of_post(present: Iterable[Holder], meant: Post, text: str) -> list[Holder]:
    """The holders of a post; NotFound where it is vacant."""
    found = [each for each in present if (each.role, each.department) == (meant.role, meant.department)]
    if not found:
        words = _(
            "{post} is vacant: nobody holds it; `wsyf people hand-over {post} --to ADDRESS --name NAME` enters somebody"
        )
        raise NotFound(words.format(post=text))
    return found


def person(holders: Sequence[Holder], text: str, names: Mapping[str, str], day: date) -> list[Holder]:
    """All the entries of the one person meant, of those who hold a post on the day or later.

    A post means whoever holds it that day (its successor to come where nobody does); Forbidden for several holders.
    """
    found = find(holders, text, names, day)
    if post(text, names) is None:
        return found
    meant = _one(found, text, day).casefold()
    return [each for each in serving(holders, day) if each.email.casefold() == meant]


def address(holders: Iterable[Holder], text: str, names: Mapping[str, str], day: date) -> str:
    """The address meant: one that is typed out, or that of the one person a post or a name means."""
    if "@" in text:
        if not is_address(text):
            raise Usage(_("{address} is no mail address").format(address=text))
        return text
    return _one(find(list(holders), text, names, day), text, day)


def _one(found: Sequence[Holder], text: str, day: date) -> str:
    """The address of the one holder of a post that day, or of the one to come; Forbidden for several."""
    present = [each for each in found if each.holds_on(day)] or found
    addresses = {each.email.casefold(): each.email for each in present}
    if len(addresses) > 1:
        words = _("{post} has {n} holders: {addresses}; name the address")
        raise Forbidden(words.format(post=text, n=len(addresses), addresses=", ".join(addresses.values())))
    return next(iter(addresses.values()))


def _unknown(holders: Sequence[Holder], present: Sequence[Holder], text: str, names: Mapping[str, str]) -> str:
    left = [each for each in holders if each not in present and text.casefold() in (each.email.casefold(), each.name)]
    if left:
        last = max((each.until for each in left if each.until is not None), default=None)
        return _("{name} holds no post any more, since the end of {day}").format(name=text, day=last)
    known = [word for each in present for word in (each.email, each.name) if word] + list(spellings(names))
    close = nearest(text, known)
    message = _("nobody is known as {name}: name an address, a name, or a post such as emergency/liaison")
    return message.format(name=text) + (
        _("; did you mean {names}?").format(names=", ".join(dict.fromkeys(close))) if close else ""
    )
