"""One command line: judge, write the predictions, tell the result; a mistake of the user is one sentence."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

from msgspec import structs

from edge.inference.manifest import ModelError
from edge.inference.runtime import RuntimeMissingError
from edge.verbs.outcome import INTERRUPTED, OK, OUTPUT_CLOSED, PROBLEM, Complaint
from edge.verbs.terminal import config_of, print_json
from evaluation.answers import check_writable, write_predictions
from evaluation.document import document
from evaluation.groups import by_groups
from evaluation.task import Request
from evaluation.text import text

if TYPE_CHECKING:
    import argparse
    from types import ModuleType

    from edge.config.schema import Config, Light


def run(args: argparse.Namespace) -> int:
    """Do what the command line says and return its exit code."""
    try:
        _evaluate(args)
        sys.stdout.flush()
    except (Complaint, ModelError, RuntimeMissingError) as problem:
        print(f"evaluate.py {args.task}: {problem}", file=sys.stderr)
        return PROBLEM
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OUTPUT_CLOSED
    return OK


def _evaluate(args: argparse.Namespace) -> None:
    request = Request(
        task=args.task,
        path=args.folder,
        config=_config(args),
        model=args.model,
        split=args.split,
        label_source=args.labels,
        references=args.references,
        framing=args.pictures,
    )
    if args.predictions is not None:
        check_writable(args.predictions)
    outcome = _task(args.task).evaluate(request)
    if outcome.scored is None and args.predictions is None:
        raise Complaint(f"{args.folder} has no labels, so nothing can be scored; add --predictions OUT.jsonl")
    if args.predictions is not None:
        write_predictions(args.predictions, outcome.kind, zip(outcome.keys, outcome.answers, strict=True))
    groups = by_groups(request, outcome, args.by) if args.by else {}
    result = document(request, outcome, groups)
    if args.json:
        print_json(result)
    else:
        print(text(result))


def _config(args: argparse.Namespace) -> Config:
    """Return the daemon's configuration, with the light that the task's pictures were taken in."""
    config = config_of(args.config)
    if args.task == "nir-expression":
        return _lit(config, "infrared")
    return _lit(config, "visible") if args.config is None and args.task == "expression" else config


def _lit(config: Config, light: Light) -> Config:
    return structs.replace(config, camera=structs.replace(config.camera, light=light))


def _task(name: str) -> ModuleType:
    """Return the module that judges a task."""
    try:
        return importlib.import_module(f"evaluation.{name.replace('-', '_')}")
    except ModuleNotFoundError as error:
        raise Complaint(f"{name} needs {error.name}, which this version of edge-dms does not have; update it") from None
