"""How large the result of an operation in a template may become, worked out before it is made. Pure.

A template of the office may hold anything; what would fill the memory has to be refused before it is there. Every
bound is an upper one, in characters or elements.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

BIGGEST: Final = 1024 * 1024  # characters of one text, elements of one list
BITS: Final = 4096  # of one whole number
TOO_BIG: Final = BIGGEST + 1

_NUMBERS = re.compile(r"\d+")
_NESTED = re.compile(r":[^{}]*\{")  # a width that is a value itself
_CONTAINERS = (list, tuple, dict, set, frozenset)


def bound(name: str, value: Any, args: Sequence[Any], given: Mapping[str, Any]) -> int:
    """Of a filter, or of a method of a text, called with `value` first; 0 for one that makes nothing large."""
    of = BOUNDS.get(name)
    return 0 if of is None else of(value, args, given)


def product(left: Any, right: Any) -> int:
    """Of `left * right`; whole numbers by their bits, as much as a text of BIGGEST where there are too many."""
    if isinstance(left, int) and isinstance(right, int):
        return 0 if left.bit_length() + right.bit_length() <= BITS else TOO_BIG
    for each, times in ((left, right), (right, left)):
        if hasattr(each, "__len__") and isinstance(times, int):
            return len(each) * max(0, times)
    return 0


def power(left: Any, right: Any) -> int:
    """Of `left ** right`."""
    if isinstance(left, int) and isinstance(right, int):
        return 0 if left.bit_length() * max(0, right) <= BITS else TOO_BIG
    return 0


def total(left: Any, right: Any) -> int:
    """Of `left + right`."""
    return len(left) + len(right) if hasattr(left, "__len__") and hasattr(right, "__len__") else 0


def formatted(text: Any, values: Any) -> int:
    """Of `text % values`."""
    if not isinstance(text, str):
        return 0
    found = list(values.values()) if isinstance(values, dict) else values if isinstance(values, tuple) else [values]
    return _filled(text, text.count("%"), found, takes_widths="*" in text)


def weight(value: Any) -> int:
    """Of the value as text: a list that holds another one twice is said twice; counted no further than BIGGEST."""
    waiting, found = [value], 0
    while waiting and found <= BIGGEST:
        each = waiting.pop()
        if type(each).__name__ == "Namespace":  # jinja2's
            each = object.__getattribute__(each, "_Namespace__attrs")
        found += len(each) if isinstance(each, (str, *_CONTAINERS)) else 1
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, _CONTAINERS):
            waiting += each
    return found


def texts(parts: Iterable[Any]) -> int:
    """Of all these as texts, one after the other."""
    found = 0
    for each in parts:
        found += weight(each)
        if found > BIGGEST:
            break
    return found


def _argument(place: int, name: str, default: Any) -> Callable[[Sequence[Any], Mapping[str, Any]], Any]:
    return lambda args, given: args[place] if len(args) > place else given.get(name, default)


def _number(value: Any) -> int:
    return abs(value) if isinstance(value, int) else 0


_WIDTH, _INDENT, _ENDS = _argument(0, "width", 80), _argument(0, "width", 4), _argument(2, "wrapstring", "")
_PLACES, _COUNT, _DEPTH = _argument(0, "precision", 0), _argument(0, "linecount", 0), _argument(0, "indent", 0)


def _indented(value: Any, args: Sequence[Any], given: Mapping[str, Any]) -> int:
    width = _INDENT(args, given)
    text = str(value)
    return len(text) + (text.count("\n") + 1) * (len(width) if isinstance(width, str) else _number(width))


def _replaced(value: Any, args: Sequence[Any], given: Mapping[str, Any]) -> int:
    old, new = str(_argument(0, "old", "")(args, given)), str(_argument(1, "new", "")(args, given))
    text = str(value)
    times = text.count(old) if old else len(text) + 1
    return len(text) + times * len(new)


def _joined(value: Any, args: Sequence[Any], given: Mapping[str, Any]) -> int:
    """Of the filter: the parts are what `value` holds. A generator is for the caller to make a list of first."""
    parts = value if isinstance(value, (str, *_CONTAINERS)) else ()
    between = str(_argument(0, "d", "")(args, given))
    return texts(parts) + len(parts) * len(between)


def _joined_by(value: Any, args: Sequence[Any], _given: Mapping[str, Any]) -> int:
    """Of the method: `value` stands between the parts."""
    parts = args[0] if args and isinstance(args[0], (str, *_CONTAINERS)) else ()
    return texts(parts) + len(parts) * len(value)


def _formatted(value: Any, args: Sequence[Any], given: Mapping[str, Any]) -> int:
    return formatted(value if isinstance(value, str) else str(value), dict(given) or tuple(args))


def _braced(value: Any, args: Sequence[Any], given: Mapping[str, Any]) -> int:
    found = [*args, *given.values()]
    text = str(value)
    return _filled(text, text.count("{"), found, takes_widths=_NESTED.search(text) is not None)


def _filled(text: str, places: int, values: Sequence[Any], *, takes_widths: bool) -> int:
    widths = [int(each) if len(each) < len(str(BIGGEST)) else TOO_BIG for each in _NUMBERS.findall(text)]
    widths += [_number(each) for each in values] if takes_widths else []
    longest = max(map(weight, values), default=0)
    return len(text) + places * (max(widths, default=0) + longest)


def _summed(value: Any, _args: Sequence[Any], given: Mapping[str, Any]) -> int:
    start = given.get("start", 0)
    if not isinstance(start, _CONTAINERS) or not isinstance(value, _CONTAINERS):
        return 0
    return len(start) + weight(value)


def _translated(value: Any, args: Sequence[Any], _given: Mapping[str, Any]) -> int:
    table = args[0] if args and isinstance(args[0], dict) else {}
    return len(value) * max([len(each) for each in table.values() if isinstance(each, str)], default=1)


def _powered(_value: Any, args: Sequence[Any], given: Mapping[str, Any]) -> int:
    return TOO_BIG if _number(_PLACES(args, given)) > 100 else 0  # noqa: PLR2004 - more places than a number has


BOUNDS: Final[Mapping[str, Callable[[Any, Sequence[Any], Mapping[str, Any]], int]]] = {
    **dict.fromkeys(("center", "ljust", "rjust", "zfill"), lambda _v, args, given: _number(_WIDTH(args, given))),
    "indent": _indented,
    "replace": _replaced,
    "join": _joined,
    "str.join": _joined_by,
    "format": _formatted,
    "str.format": _braced,
    "str.format_map": lambda value, args, given: _braced(value, list(args[0].values()) if args else [], given),
    "expandtabs": lambda value, args, given: len(value) * (1 + _number(_argument(0, "tabsize", 8)(args, given))),
    "batch": lambda _v, args, given: _number(_COUNT(args, given)),
    "slice": lambda _v, args, given: _number(_argument(0, "slices", 0)(args, given)),
    "tojson": lambda value, args, given: weight(value) * (1 + _number(_DEPTH(args, given))),
    "pprint": lambda value, _args, _given: weight(value),
    "string": lambda value, _args, _given: weight(value),
    "wordwrap": lambda value, args, given: len(str(value)) * (1 + len(_ENDS(args, given) or "")),
    "urlize": lambda value, args, given: len(str(value)) * (1 + weight([*args, *given.values()])),
    "sum": _summed,
    "translate": _translated,
    "round": _powered,
}
