"""The manual page edge-dms(1) in roff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.commandline.tree import all_commands

if TYPE_CHECKING:
    from edge.commandline.tree import Command, Option

_FILES = (
    ("/etc/edge-dms/edge-dms.yaml", "the configuration of the service"),
    ("/var/lib/edge-dms", "outbox, learnt baseline and crash journal (service.state_dir)"),
    ("~/.cache/edge-dms/models", "networks fetched by hand (XDG_CACHE_HOME, EDGE_DMS_MODELS)"),
)


def page(root: Command, version: str) -> str:
    """Return the page: the program, then every verb with its options and its teaching text."""
    exits, _, rest = root.epilog.partition("\n\n")
    lines = [
        f'.TH EDGE-DMS 1 "" "edge-dms {_roff(version)}" "User Commands"',
        ".SH NAME",
        f"edge\\-dms \\- {_roff(_small(root.summary))}",
        ".SH SYNOPSIS",
        _roff(root.usage),
        ".SH DESCRIPTION",
        _roff(root.summary),
        *_verbatim(rest),
        ".SH OPTIONS",
        *(line for option in root.options for line in _option(option)),
        ".SH VERBS",
    ]
    for command in list(all_commands(root))[1:]:
        lines += [
            f".SS {_roff(' '.join(command.path[1:]))}",
            _roff(f"{command.summary[:1].upper()}{command.summary[1:]}."),
            ".PP",
            _roff(command.usage),
        ]
        lines += [line for option in (*command.positionals, *command.options) for line in _option(option)]
        lines += _verbatim(command.epilog)
    lines += [".SH EXIT STATUS", *_verbatim(exits.removeprefix("exit codes:\n"))[1:]]
    lines += [".SH FILES", *(line for path, text in _FILES for line in (".TP", f".I {_roff(path)}", _roff(text)))]
    return "".join(f"{line}\n" for line in lines)


def _option(option: Option) -> list[str]:
    if option.flags == ("-h", "--help"):
        return []
    names = ", ".join(f"\\fB{_roff(flag)}\\fR" for flag in option.flags)
    value = f"\\fI{_roff(option.metavar)}\\fR" if option.metavar else ""
    return [".TP", f"{names} {value}".strip(), _roff(option.text or "one of the above")]


def _verbatim(text: str) -> list[str]:
    text = text.strip("\n")
    return [".PP", ".nf", *(_roff(line) for line in text.splitlines()), ".fi"] if text else []


def _small(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def _roff(text: str) -> str:
    """Escape what roff reads as its own."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
