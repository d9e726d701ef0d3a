"""Posts and who holds them from when to when, and whom a letter reaches (RULES.md §3, "Roles"). Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from wsyf_scheduler.core.ladder import DEPARTMENT_ROLES, NEXT_HIGHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One holder of a post; no bound where `since` or `until` is None, both days included.

    From `away_since` to `away_until` the deputy's address is used instead; a deputy who is away too is followed on.
    """

    role: str
    department: str
    name: str
    email: str
    phone: str = ""
    since: date | None = None
    until: date | None = None
    deputy: str = ""
    away_since: date | None = None
    away_until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the post is held on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def is_away_on(self, day: date) -> bool:
        """Whether the deputy stands in on that day."""
        if not self.deputy or (self.away_since is None and self.away_until is None):
            return False
        return (self.away_since is None or self.away_since <= day) and (
            self.away_until is None or day <= self.away_until
        )


def circle(holders: Iterable[Holder], new: Holder) -> tuple[str, ...]:
    """The addresses a circle of deputies runs through on some day if `new` is entered; empty where there is none.

    `holders` are all others; `new` is away and has a deputy. Only absences that share a day make a circle.
    """
    absences = [each for each in holders if each.deputy and (each.away_since or each.away_until)]
    start = new.email.casefold()

    def follow(address: str, first: date, last: date, passed: tuple[str, ...]) -> tuple[str, ...]:
        if address.casefold() == start:
            return (*passed, address)
        for each in absences:
            if each.email.casefold() != address.casefold() or address in passed:
                continue
            shared = max(first, each.away_since or date.min), min(last, each.away_until or date.max)
            if shared[0] <= shared[1]:
                found = follow(each.deputy, *shared, (*passed, address))
                if found:
                    return found
        return ()

    return follow(new.deputy, new.away_since or date.min, new.away_until or date.max, (new.email,))


def circles(holders: Iterable[Holder], day: date) -> list[tuple[str, ...]]:
    """Every circle of deputies on that day or later among these entries, each once, as `circle` gives it."""
    absences = [
        replace(each, away_since=max(each.away_since or date.min, day))
        for each in holders
        if each.deputy and (each.away_since or each.away_until) and (each.away_until or date.max) >= day
    ]
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for each in absences:
        if addresses := circle(absences, each):
            found.setdefault(frozenset(address.casefold() for address in addresses), addresses)
    return list(found.values())


def leaving_deputies(holders: Sequence[Holder], day: date) -> list[tuple[Holder, date]]:
    """Who is away on that day or later with a deputy whose own last term ends before the absence does, and that day.

    A deputy who never held a post here is not known to leave.
    """
    last: dict[str, date] = {}
    for each in holders:
        address = each.email.casefold()
        last[address] = max(last.get(address, date.min), each.until or date.max)
    return [
        (each, last[each.deputy.casefold()])
        for each in holders
        if each.deputy and (each.away_since or each.away_until) and (each.until or date.max) >= day
        if day <= (ends := min(each.away_until or date.max, each.until or date.max))
        if last.get(each.deputy.casefold(), date.max) < ends
    ]


@dataclass(frozen=True, slots=True)
class Post:
    """A role, of a department where the role is one of a department."""

    role: str
    department: str = ""


def last_day(holders: Iterable[Holder], post: Post, before: Holder | None, on: date) -> date | None:
    """Until when a successor from `on` holds a post: until somebody else is entered to follow on `before`, if so.

    `before` is whose place is taken, None where the post is vacant on that day.
    """
    others = (each for each in holders if each != before and Post(each.role, each.department) == post)
    begins = [each.since for each in others if each.since is not None and each.since > on]
    until = min(begins) - timedelta(days=1) if begins else None
    return until if before is None or before.until == until else None


@dataclass(frozen=True, slots=True)
class Reader:
    """One address as a letter reaches it: the post it reads for, and a display name (may be empty)."""

    address: str
    name: str
    post: Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """To and Cc, each address once; the posts nobody holds; `stand_in` is the vacant post To is read for, if any."""

    to: tuple[Reader, ...]
    cc: tuple[Reader, ...]
    vacant: tuple[Post, ...]
    stand_in: Post | None = None


class Roster:
    """All holders of one office, looked up by post and day. `office` is the address of last resort.

    An address in `refused` (in lower case) was refused by a server for good: nobody can be told there.
    """

    def __init__(self, holders: Iterable[Holder], *, office: str, refused: Container[str] = ()) -> None:
        """Index the holders by post."""
        self._office, self._refused = office, refused
        self._by_post: dict[Post, list[Holder]] = {}
        self._leaving: dict[str, list[Holder]] = {}  # those with a deputy, by address: few
        for holder in holders:
            self._by_post.setdefault(Post(holder.role, holder.department), []).append(holder)
            if holder.deputy:
                self._leaving.setdefault(holder.email.casefold(), []).append(holder)

    def of(self, post: Post, day: date) -> tuple[Reader, ...]:
        """Who reads for a post on a day (two holders are both addressed); empty where it is vacant."""
        return tuple(reader for reader in self._held_by(post, day) if not self.is_refused(reader.address))

    def is_refused(self, address: str) -> bool:
        """Whether a server refused the address for good."""
        return address.casefold() in self._refused

    def refused_on(self, post: Post, day: date) -> tuple[str, ...]:
        """The addresses that read for a post on a day and cannot be reached."""
        return tuple(reader.address for reader in self._held_by(post, day) if self.is_refused(reader.address))

    def _held_by(self, post: Post, day: date) -> tuple[Reader, ...]:
        return tuple(self._reader(each, post, day) for each in self._by_post.get(post, ()) if each.holds_on(day))

    def _reader(self, holder: Holder, post: Post, day: date) -> Reader:
        if not holder.is_away_on(day):
            return Reader(holder.email, holder.name, post)
        return Reader(self._stand_in(holder, day), "", post)

    def _stand_in(self, holder: Holder, day: date) -> str:
        """The deputy's address or, where the deputy is away too, the deputy's deputy's; a circle ends where it closes.

        Circles are refused when they are entered; one that got in by a file must not hang a letter.
        """
        address, passed = holder.deputy, {holder.email.casefold()}
        while address.casefold() not in passed:
            passed.add(address.casefold())
            away = (each for each in self._leaving.get(address.casefold(), ()) if each.is_away_on(day))
            further = next((each.deputy for each in away if each.deputy.casefold() not in passed), None)
            if further is None:
                break
            address = further
        return address

    def is_held_by(self, post: Post, address: str, day: date) -> bool:
        """Whether this address is that of a holder of the post on a day, there or away."""
        wanted = address.casefold()
        return any(each.email.casefold() == wanted and each.holds_on(day) for each in self._by_post.get(post, ()))

    def serves_from(self, post: Post, address: str, day: date) -> date | None:
        """The day, or the first later one, on which this address holds the post; None where it never will."""
        held = (h for h in self._by_post.get(post, ()) if h.email.casefold() == address.casefold())
        days = (max(day, holder.since or day) for holder in held)
        return min((each for each in days if self.is_held_by(post, address, each)), default=None)

    def reader_of(self, post: Post, address: str, day: date) -> Reader | None:
        """Who reads for one of the holders of a post, by the holder's own address; None where nobody can."""
        for holder in self._by_post.get(post, ()):
            if holder.email.casefold() == address.casefold() and holder.holds_on(day):
                reader = self._reader(holder, post, day)
                return None if self.is_refused(reader.address) else reader
        return None

    def posts_of(self, address: str, day: date) -> tuple[Post, ...]:
        """The posts an address reads for on a day."""
        wanted = address.casefold()
        return tuple(
            post for post in self._by_post if any(reader.address.casefold() == wanted for reader in self.of(post, day))
        )

    def known_addresses(self) -> tuple[str, ...]:
        """Every address of every holder, whatever the day."""
        return tuple(dict.fromkeys(h.email for holders in self._by_post.values() for h in holders))

    def address(self, to: Iterable[Post], cc: Iterable[Post], day: date) -> Addressed:
        """Resolve posts to readers: a vacant To goes to the next higher role, a vacant Cc is left out."""
        readers: dict[str, Reader] = {}
        copies: dict[str, Reader] = {}
        vacant: dict[Post, None] = {}
        stand_in = None
        for post in to:
            found, missing = self._climb(post, day)
            vacant.update(dict.fromkeys(missing))
            stand_in = stand_in or (post if missing else None)
            for reader in found:
                readers.setdefault(reader.address.casefold(), reader)
        for post in cc:
            held = self.of(post, day)
            vacant.update({} if held else {post: None})
            for reader in held:
                if reader.address.casefold() not in readers:
                    copies.setdefault(reader.address.casefold(), reader)
        return Addressed(to=tuple(readers.values()), cc=tuple(copies.values()), vacant=tuple(vacant), stand_in=stand_in)

    def _climb(self, post: Post, day: date) -> tuple[tuple[Reader, ...], list[Post]]:
        """Who reads for the post or, while it is vacant, for the next higher; and the vacant posts passed."""
        missing: list[Post] = []
        while True:
            held = self.of(post, day)
            if held:
                return held, missing
            missing.append(post)
            higher = NEXT_HIGHER.get(post.role)
            if higher is None:
                return (Reader(self._office, "", post),), missing
            post = Post(higher, post.department if higher in DEPARTMENT_ROLES else "")
