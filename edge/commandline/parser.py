"""The parser of the command line: a mistake is told with the verb it belongs to and what was probably meant."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class UsageError(Exception):
    """A command line that is not understood. `parser` is that of the verb, where it got so far."""

    def __init__(self, parser: Parser, said: str) -> None:
        super().__init__(said)
        self.parser = parser


class Parser(argparse.ArgumentParser):
    """Raises UsageError instead of ending the program; verbs below it are parsers of the same kind."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_defaults(parser=self)

    def parse_line(self, args: Sequence[str]) -> argparse.Namespace:
        """Parse all of `args`; what is left over is a mistake of the verb that was given."""
        parsed, left_over = self.parse_known_args(args)
        if left_over:
            parser = cast("Parser", parsed.parser)
            flags = parser._option_string_actions  # noqa: SLF001 - argparse has no public way to its options
            raise UsageError(parser, f"`{left_over[0]}` is not understood here{_meant(left_over[0], flags)}")
        return parsed

    def error(self, message: str) -> NoReturn:
        """Raise what argparse has found."""
        raise UsageError(self, message)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            meant = _meant(str(value), choices) or f"; there is {', '.join(choices)}"
            raise argparse.ArgumentError(action, f"there is no `{value}`{meant}")


def _meant(given: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    near = get_close_matches(given.partition("=")[0], list(known), n=1)
    return f"; did you mean `{near[0]}`" if near else ""
