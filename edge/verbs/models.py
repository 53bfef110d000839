"""`edge-dms models`: the networks, where they are and whether they are the right ones."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, PROBLEM, Complaint
from edge.verbs.terminal import add_config, add_json, config_of, declare, print_json

if TYPE_CHECKING:
    import argparse

    from edge.inference.manifest import Manifest
    from edge.verbs.terminal import Verbs

_TEACH: Final = """\
list    name, size, licence and file of each network, without opening any
verify  hash, shapes and the answer to a known input, on this machine
fetch   download the third-party networks, once, each checked against its hash; needs the internet

  edge-dms models fetch && edge-dms models verify

Exit code 1: a network is missing, damaged, answers differently or could not be fetched.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "models", run, "list, verify or fetch the networks", _TEACH)
    parser.add_argument("what", choices=("list", "verify", "fetch"))
    add_config(parser)
    add_json(parser, "the result")


def run(args: argparse.Namespace) -> int:
    """Do what was asked, on the manifest that the configuration points to."""
    from edge.inference.manifest import Manifest, ModelError
    from edge.inference.runtime import RuntimeMissingError

    models_dir = config_of(args.config).inference.models_dir
    try:
        manifest = Manifest.load(models_dir)
        return {"list": _list, "verify": _verify, "fetch": _fetch}[args.what](manifest, as_json=args.json)
    except (ModelError, RuntimeMissingError) as error:
        raise Complaint(str(error)) from None


def _list(manifest: Manifest, *, as_json: bool) -> int:
    rows: list[dict[str, Any]] = []
    for model in manifest.models.values():
        path = manifest.locate(model.name)
        rows.append(
            {
                "name": model.name,
                "file": str(path) if path else None,
                "bytes": model.bytes,
                "sha256": model.sha256,
                "origin": model.origin,
                "licence": model.licence,
            }
        )
    if as_json:
        print_json({"manifest": str(manifest.path), "models": rows})
        return OK
    for row in rows:
        place = row["file"] or "not installed: run `edge-dms models fetch`"
        print(f"{row['name']:<24} {row['bytes'] / 1e3:>7.0f} kB  {row['licence']:<12} {place}")
    return OK


def _verify(manifest: Manifest, *, as_json: bool) -> int:
    from edge.inference.verify import verify

    verdicts = []
    for verdict in verify(manifest):
        verdicts.append(verdict)
        if not as_json:
            print(f"{'ok  ' if verdict.ok else 'FAIL'} {verdict.name}: {verdict.detail}", flush=True)
    ok = all(verdict.ok for verdict in verdicts)
    if as_json:
        rows = [{"name": one.name, "ok": one.ok, "detail": one.detail} for one in verdicts]
        print_json({"manifest": str(manifest.path), "ok": ok, "models": rows})
    return OK if ok else PROBLEM


def _fetch(manifest: Manifest, *, as_json: bool) -> int:
    from edge.inference.fetch import fetch

    folder = fetch(lambda line: print(line, file=sys.stderr, flush=True), manifest=manifest)
    if as_json:
        print_json({"folder": str(folder), "ok": True})
    return OK
