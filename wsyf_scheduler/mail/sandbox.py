"""Jinja2 for letters: templates from folders, strict, sandboxed, HTML escaped; those of an office within limits.

Jinja2's own sandbox bounds neither time nor memory. Here a template of the office pays for each turn of a loop, each
call and each text it makes; what would be too large is refused before it is made (`mail.costs`). Imports jinja2, i18n
and the pure modules of mail.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from functools import wraps
from pathlib import Path
from typing import Any, Final

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, LoopContext, markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_eval_context
from jinja2.visitor import NodeTransformer

from wsyf_scheduler.i18n import _
from wsyf_scheduler.mail import costs
from wsyf_scheduler.mail.facts import ROW_FILTERS, Facts
from wsyf_scheduler.mail.phrases import FILTERS, clean_block

OUTPUT_LIMIT: Final = 1024 * 1024  # characters an office's template may print for one part
LOOP_LIMIT: Final = 100_000  # numbers range() may hand out while one part is rendered
SOURCE_LIMIT: Final = 256 * 1024  # bytes of one template
TIME_LIMIT: Final = 1.0  # seconds of computing for one letter, whatever else the machine does
PURSE: Final = 16 * 1024 * 1024  # characters and elements one letter's templates may make, all in all
STEP: Final = 10  # what a turn of a loop, a call or a filter costs of it
LOOK_EVERY: Final = 50  # steps between two looks at the time
TEMPLATE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.(?:txt|html)")

OPERATORS: Final = {"*": costs.product, "**": costs.power, "+": costs.total, "%": costs.formatted}
METHODS: Final = {"join": "str.join", "format": "str.format", "format_map": "str.format_map"}
LAZY: Final = frozenset({"map", "select", "reject", "selectattr", "rejectattr", "first", "batch", "slice"})
SIZED: Final = (str, list, tuple, dict, set, frozenset)


class TooSlow(TemplateError):
    """A template used up its time: it is no use to try it with the next letter."""


class _Folders(BaseLoader):
    """Templates from the first folder that has them, UTF-8 with or without a byte order mark."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders

    def get_source(
        self,
        environment: Environment,  # noqa: ARG002 - the signature is jinja2's
        template: str,
    ) -> tuple[str, str, Callable[[], bool]]:
        found = (folder / template for folder in self._folders if (folder / template).is_file())
        path = next(found, None) if TEMPLATE_NAME.fullmatch(template) else None
        if path is None:
            raise TemplateNotFound(template)
        with path.open("rb") as file:
            data = file.read(SOURCE_LIMIT + 1)
        if len(data) > SOURCE_LIMIT:
            raise TemplateSyntaxError(_("longer than {n} bytes").format(n=SOURCE_LIMIT), 1, template, str(path))
        try:
            return data.decode("utf-8-sig"), str(path), lambda: True
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise TemplateSyntaxError(_("not UTF-8 text"), line, template, str(path)) from error


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 for letters: strict, sandboxed, HTML escaped."""

    def __init__(self, *folders: Path, **more: Any) -> None:
        """Templates come from the first of the folders that has them."""
        super().__init__(
            loader=_Folders(folders),
            undefined=StrictUndefined,
            autoescape=_is_html,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            cache_size=-1,
            auto_reload=False,
            **more,
        )
        self.filters.update(FILTERS)
        self.filters.update(ROW_FILTERS)
        self.globals["range"] = range

    def run(self, name: str, said: Facts) -> str:
        """What the template prints."""
        return self.get_template(name).render(said)

    def source(self, name: str) -> str:
        """The text of a template."""
        loader = self.loader
        return loader.get_source(self, name)[0] if loader else ""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """A plain dict, not jinja2's chain of maps, which every template and every import would walk anew."""
        return {**self.globals, **(d or {})}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A value of a dict first: the facts are dicts, and looking for a method before the key costs more."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def join_path(self, template: str, parent: str) -> str:
        """An HTML template may use HTML templates only: what a .txt macro prints would go in unescaped."""
        if _is_html(parent) and not _is_html(template):
            message = _("an HTML template cannot use {name}: only .html files are escaped")
            raise TemplateError(message.format(name=template))
        return template


class LimitedSandbox(Sandbox):
    """The same for templates anyone may have written: what they print, make and compute ends somewhere.

    Not covered: comparing lists that were nested into each other dozens of times, and text between the tags of a loop
    that prints into a variable, which only the time bounds.
    """

    intercepted_binops = frozenset(OPERATORS)

    def __init__(self, *folders: Path) -> None:
        """Every filter of jinja2's own is paid for; ours are quick and make nothing large."""
        super().__init__(*folders, finalize=self._printed)
        own = FILTERS.keys() | ROW_FILTERS.keys()
        paid = {name: self._paid(name, each) for name, each in self.filters.items() if name not in own}
        self.filters.update(paid)
        self.filters["turns_"], self.filters["joined_"] = self._turns, self._joined()
        self.globals["range"] = self._range
        del self.globals["lipsum"]  # a text of any length, of no use in a letter
        self.concat = self._concat  # type: ignore[method-assign]
        self.begin()

    def begin(self) -> None:
        """A new letter, with a full purse."""
        self._looped = self._spent = self._steps = 0
        self._began = time.thread_time()

    def run(self, name: str, said: Facts) -> str:
        """What the template prints, without control characters: the facts have none, the office's text may."""
        template = self.get_template(name)
        self._looped = printed = 0
        pieces = []
        for piece in template.generate(said):
            printed += len(piece)
            if printed > OUTPUT_LIMIT:
                raise TemplateError(_("prints more than {n} characters").format(n=OUTPUT_LIMIT))
            pieces.append(piece)
        return clean_block("".join(pieces))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805, PYI063 - jinja2's
        """A call is a step; a method of a text that would make too much is refused."""
        __self._step()
        method = getattr(__obj, "__wrapped__", __obj)  # str.format is wrapped by jinja2
        text, name = getattr(method, "__self__", None), getattr(method, "__name__", "")
        if isinstance(__obj, LoopContext):
            args = tuple(__self._turns(each) for each in args)
        elif isinstance(text, str):
            args = tuple(__self._held(each) for each in args)
            __self._afford(costs.bound(METHODS.get(name, name), text, args, kwargs))
        return __self._made(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`*`, `**`, `+` and `%`, unless they would make too much."""
        self._step()
        self._afford(OPERATORS[operator](left, right))
        return self._made(super().call_binop(context, operator, left, right))

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,  # noqa: FBT001, FBT002 - the signature is jinja2's
    ) -> str:
        """Each loop counts its turns, and `~` is paid for."""
        return super()._generate(_Counted().visit(source), name, filename, defer_init)

    def _paid(self, name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
        place = int(hasattr(filter_, "jinja_pass_arg"))  # jinja2's own argument comes first

        @wraps(filter_)
        def paid(*args: Any, **given: Any) -> Any:
            self._step()
            if name not in LAZY:
                args = (*args[:place], *(self._held(each) for each in args[place:]))
            value = args[place] if len(args) > place else None
            self._afford(costs.bound(name, value, args[place + 1 :], given))
            return self._made(filter_(*args, **given))

        return paid

    def _joined(self) -> Callable[..., str]:
        @pass_eval_context
        def joined(context: EvalContext, parts: tuple[Any, ...]) -> str:
            self._step()
            self._afford(costs.texts(parts))
            found: str = self._made(markup_join(parts) if context.autoescape else str_join(parts))
            return found

        return joined

    def _turns(self, values: Iterable[Any]) -> Iterator[Any]:
        for each in values:
            self._step()
            yield each

    def _held(self, value: Any) -> Any:
        """A list in place of what is made while it is read, so that its size can be known."""
        return list(self._turns(value)) if hasattr(value, "__next__") else value

    def _printed(self, value: Any) -> Any:
        if type(value) is str:
            self._spend(len(value))
        else:
            self._afford(costs.weight(value))
            self._made(value)
        return value

    def _concat(self, parts: Iterable[str]) -> str:
        """What is printed into a variable, a macro or a block."""
        found = list(parts)
        self._afford(sum(map(len, found)))
        made: str = self._made("".join(found))
        return made

    def _range(self, *bounds: int) -> range:
        numbers = range(*bounds)
        self._looped += len(numbers)
        if self._looped > LOOP_LIMIT:
            raise TemplateError(_("loops more than {n} times").format(n=LOOP_LIMIT))
        return numbers

    def _afford(self, size: int) -> None:
        if size > costs.BIGGEST:
            raise TemplateError(_("makes a text or list of more than {n} characters").format(n=costs.BIGGEST))

    def _made(self, value: Any) -> Any:
        if isinstance(value, SIZED):
            self._spend(len(value))
        return value

    def _step(self) -> None:
        self._spend(STEP)
        self._steps += 1
        if self._steps % LOOK_EVERY == 0 and time.thread_time() - self._began > TIME_LIMIT:
            raise TooSlow(_("takes more than {n} s").format(n=f"{TIME_LIMIT:g}"))

    def _spend(self, size: int) -> None:
        self._spent += size
        if self._spent > PURSE:
            raise TooSlow(_("does more than a letter needs"))


class _Counted(NodeTransformer):
    """Puts our filters where a template loops or joins."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        node.iter = _filtered(node.iter, "turns_", node)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        parts = nodes.Tuple(node.nodes, "load", lineno=node.lineno, environment=node.environment)
        return _filtered(parts, "joined_", node)


def _filtered(value: nodes.Node, name: str, at: nodes.Node) -> nodes.Filter:
    return nodes.Filter(value, name, [], [], None, None, lineno=at.lineno, environment=at.environment)


def _is_html(name: str | None) -> bool:
    return name is not None and name.endswith(".html")
