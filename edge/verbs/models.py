"""`edge-dms models`: the networks, where they are and whether they are the right ones."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, PROBLEM, Complaint
from edge.verbs.terminal import add_config, add_json, config_of, declare, print_json, progress

if TYPE_CHECKING:
    import argparse

    from edge.config.schema import Inference
    from edge.inference.manifest import Manifest
    from edge.inference.verify import Check
    from edge.inference.whereabouts import Whereabouts
    from edge.verbs.terminal import Verbs

_TEACH: Final = """\
list    what each network does, its file, size, licence and origin; present, missing or damaged
verify  hash, shapes, golden answers and speed on the configured back end, or on that of --delegate
fetch   download the third-party networks, once, each checked against its hash; needs the internet

  edge-dms models fetch && edge-dms models verify
  edge-dms models verify --delegate xnnpack --only expression

The golden answers are those of the built-in kernels when the network was measured: numbers on noise, and what it
decides on a drawn face, eye or mouth. A back end is slow when it takes more than twice its usual share of the
built-in kernels' time, on the same file in the same run. The daemon makes the same check at start; what it finds
stands in the health message as delegate_mismatch or slow_inference.

Exit code 0: list: the manifest could be read; verify: all is as measured; fetch: all networks are there.
Exit code 1: verify: a network is missing, damaged, slow or answers differently; fetch: one could not be had.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "models", run, "list, verify or fetch the networks", _TEACH)
    parser.add_argument("what", choices=("list", "verify", "fetch"))
    parser.add_argument("--only", metavar="NAME", nargs="+", default=[], help="of list and verify: these networks")
    parser.add_argument(
        "--delegate",
        choices=("auto", "xnnpack", "edgetpu", "cpu"),
        help="of verify: this back end and no other; default: the configuration's, or what takes its place",
    )
    parser.add_argument(
        "--untimed", action="store_true", help="of verify: leave the speed out, on a board that is busy or emulated"
    )
    add_config(parser)
    add_json(parser, "the result")


def run(args: argparse.Namespace) -> int:
    """Do what was asked, on the manifest that the configuration points to."""
    from edge.inference.manifest import Manifest, ModelError
    from edge.inference.runtime import RuntimeMissingError

    if args.delegate is not None and args.what != "verify":
        raise Complaint(f"--delegate belongs to verify; leave it out of {args.what}")
    if args.untimed and args.what != "verify":
        raise Complaint(f"--untimed belongs to verify; leave it out of {args.what}")
    if args.only and args.what == "fetch":
        raise Complaint("fetch gets all networks that are missing; leave --only out")
    inference = config_of(args.config).inference
    try:
        manifest = Manifest.load(inference.models_dir, inference.manifest_keys)
        names = [manifest[name].name for name in args.only] or list(manifest.models)
        if args.what == "list":
            return _list(manifest, names, as_json=args.json)
        if args.what == "verify":
            return _verify(manifest, names, inference, args.delegate, timed=not args.untimed, as_json=args.json)
        return _fetch(manifest, as_json=args.json)
    except (ModelError, RuntimeMissingError) as error:
        raise Complaint(str(error)) from None


def _list(manifest: Manifest, names: list[str], *, as_json: bool) -> int:
    from edge.inference.whereabouts import whereabouts

    found = [whereabouts(manifest, name) for name in names]
    if as_json:
        print_json({"manifest": str(manifest.path), "models": [_row(manifest, one) for one in found]})
        return OK
    for one in found:
        _print_whereabouts(manifest, one)
    absent = [one for one in found if one.state != "present"]
    if absent:
        few = "1 network is" if len(absent) == 1 else f"{len(absent)} networks are"
        print(f"{few} missing or damaged", file=sys.stderr)
    return OK


def _row(manifest: Manifest, one: Whereabouts) -> dict[str, Any]:
    model = manifest[one.name]
    return {
        "name": model.name,
        "purpose": model.purpose,
        "state": one.state,
        "problem": one.problem,
        "file": None if one.file is None else str(one.file),
        "bytes": model.bytes,
        "sha256": model.sha256,
        "origin": model.origin,
        "licence": model.licence,
        "card": model.card,
        "delegates": list(one.delegates),
    }


def _print_whereabouts(manifest: Manifest, one: Whereabouts) -> None:
    model = manifest[one.name]
    origin = "our own"
    if model.wheel_path is not None:
        origin = f"from {model.wheel_path[0]}"
    elif model.made_from is not None:
        origin = f"made here from {model.made_from[0]}"
    print(f"{model.name:<17} {one.state:<8} {model.bytes / 1e3:>6,.0f} kB  {model.purpose}".rstrip())
    print(f"    {one.problem or one.file}")
    print(f"    {origin}, {model.licence}" + (f"; card {model.card}" if model.card else ""))
    if one.delegates:
        print(f"    runs on {', '.join(one.delegates)}")


def _verify(
    manifest: Manifest, names: list[str], inference: Inference, delegate: Any, *, timed: bool, as_json: bool
) -> int:
    from edge.inference.verify import verify

    checks: list[Check] = []
    wanted = delegate or inference.delegate
    made = verify(manifest, wanted, names=names, exactly=delegate not in {None, "auto"}, timed=timed)
    for check in progress(made, total=len(names), unit="networks", what="verify"):
        checks.append(check)
        if not as_json:
            print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}", flush=True)
    ok = all(check.ok for check in checks)
    if as_json:
        rows = [_outcome(check) for check in checks]
        print_json({"manifest": str(manifest.path), "delegate": wanted, "ok": ok, "models": rows})
    return OK if ok else PROBLEM


def _outcome(check: Check) -> dict[str, Any]:
    seen = check.evidence
    return {
        "name": check.name,
        "ok": check.ok,
        "detail": check.detail,
        "file": None if check.file is None else str(check.file),
        "delegate": check.delegate,
        "fault": check.fault,
        # JSON knows no NaN, and an output that is not a number has no difference.
        "difference_over_tolerance": seen.excess if seen and math.isfinite(seen.excess) else None,
        "differing_decisions": list(seen.differing) if seen else None,
        "time_over_builtin": seen.ratio if seen else None,
        "invoke_ms": seen.invoke_ms if seen else None,
    }


def _fetch(manifest: Manifest, *, as_json: bool) -> int:
    from edge.inference.fetch import fetch

    folder = fetch(lambda line: print(line, file=sys.stderr, flush=True), manifest=manifest)
    if as_json:
        print_json({"folder": str(folder), "ok": True})
    return OK
