"""`edge-dms completion`: the Tab key, and the manual page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.verbs.outcome import OK
from edge.verbs.terminal import declare

if TYPE_CHECKING:
    import argparse

    from edge.verbs.terminal import Verbs

_TEACH: Final = """\
Prints a script that completes verbs, options and files when the Tab key is pressed, or the manual page. Both are made
from the program itself, so they fit this version; the installer puts them in place.

  source <(edge-dms completion bash)                                   this terminal, bash
  edge-dms completion zsh > ~/.zfunc/_edge-dms                         zsh, with ~/.zfunc in fpath
  edge-dms completion fish > ~/.config/fish/completions/edge-dms.fish  fish
  edge-dms completion man | man -l -                                   read the manual page
  edge-dms completion man | sudo tee /usr/local/share/man/man1/edge-dms.1 > /dev/null
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "completion", run, "print completion for a shell, or the manual page", _TEACH)
    parser.add_argument("what", choices=("bash", "zsh", "fish", "man"), help="the shell, or man for the manual page")


def run(args: argparse.Namespace) -> int:
    """Print the script or the page."""
    from edge import __version__
    from edge.cli import build_parser
    from edge.commandline import bash, fish, man, zsh
    from edge.commandline.tree import tree_of

    root = tree_of(build_parser())
    if args.what == "man":
        print(man.page(root, __version__), end="")
    else:
        print({"bash": bash, "zsh": zsh, "fish": fish}[args.what].script(root), end="")
    return OK
