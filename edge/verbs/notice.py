"""`edge-dms notice`: the notice for the cab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.verbs.outcome import OK
from edge.verbs.terminal import add_config, config_of, declare

if TYPE_CHECKING:
    import argparse

    from edge.verbs.terminal import Verbs

LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "pl")
_TEACH: Final = """\
Tells the driver what this configuration has watched, told and kept: print it and hang it where it is read before the
engine is started, and hand it out. It is made from the configuration, so make it anew when that changes.

  edge-dms notice --config dms.yaml --contact "Depot North, privacy@example.org"
  edge-dms notice --config dms.yaml --language de --contact "Fuhrpark, Tel. 030 123456" | lp

It informs and is no legal advice: what else your drivers must be told, and who must agree, depends on where you are.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "notice", run, "print the notice for the cab, in the driver's language", _TEACH)
    add_config(parser, required=True)
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="default: en")
    parser.add_argument("--contact", metavar="TEXT", required=True, help="whom the driver may ask")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    from edge.notice import notice

    print(notice(config_of(args.config), args.language, args.contact), end="")
    return OK
