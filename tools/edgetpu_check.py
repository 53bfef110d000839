"""Will the Edge TPU compiler take this network? ``python tools/edgetpu_check.py FILE... [--json]``.

    .venv/bin/python tools/edgetpu_check.py models/*_int8.tflite ~/.cache/edge-dms/models/*_int8.tflite

Every operator of an int8 .tflite is held against what Coral publishes of its compiler: which operators it knows and how
they are limited, 8 bits everywhere, sizes that are fixed, nothing before the innermost three dimensions. The compiler
puts one piece on the Edge TPU: from the first operator that it does not take, all the rest runs on the CPU.

What it really takes only the compiler knows. tools/edgetpu/README.md says how to get and run it, and where the file
that comes out goes.

Exit code 1: an operator would not be mapped, or a file is no network.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgetpu.report import report_on

from edge.inference.conversion.graph import read_graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgetpu.report import Problem, Report


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, check and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
    parser.add_argument("--json", action="store_true", help="one document on standard output")
    options = parser.parse_args(arguments)
    documents: list[dict[str, Any]] = []
    for file in options.files:
        try:
            report = report_on(read_graph(file.read_bytes()))
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            documents.append({"file": str(file), "ok": False, "error": said})
            if not options.json:
                print(f"{file}: cannot be checked: {said}")
            continue
        documents.append({"file": str(file)} | report.document())
        if not options.json:
            print(text_of(file, report))
    ok = all(document["ok"] for document in documents)
    if options.json:
        print(json.dumps({"ok": ok, "files": documents}, indent=2))
    return 0 if ok else 1


def text_of(file: Path, report: Report) -> str:
    """Return the lines for one file."""
    total = sum(report.counts.values())
    said = "all would be mapped" if report.ok else f"{len(report.problems)} would not be mapped"
    lines = [f"{file}: {total} operators, {said}"]
    lines.append("  " + ", ".join(f"{name} {count}" for name, count in report.counts.items()))
    lines.append(
        f"  parameters {report.parameter_bytes / 1e3:,.0f} kB, largest activation "
        f"{report.largest_activation_bytes / 1e3:,.0f} kB"
    )
    for name, problems in _by_operator(report).items():
        first = problems[0]
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        lines.append(f"  NOT MAPPED {name}, number {first.number} ({first.tensor}): {first.why}{more}")
    if report.problems:
        lines.append(f"  from there on {report.left_behind} of {total} operators run on the CPU")
    lines += [f"  note: {note}" for note in report.notes]
    return "\n".join(lines)


def _by_operator(report: Report) -> dict[str, list[Problem]]:
    grouped: dict[str, list[Problem]] = {}
    for problem in report.problems:
        grouped.setdefault(problem.operator, []).append(problem)
    return grouped


if __name__ == "__main__":
    sys.exit(main())
