"""The same document for a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SUBJECTS_SHOWN: Final = 30
"""A longer table is cut to its worst lines; the JSON document has all."""

_TITLES: Final = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "auc": "AUC", "ece": "ECE"}


def text(result: Mapping[str, Any]) -> str:
    """Return the document as lines."""
    return "\n".join(_lines(result))


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    network, split = result["network"], result["split"]
    how = f" ({network['file']}, {network['input']}, {network['delegate']})" if network else ""
    yield f"{result['task']} on {result['folder']}" + (f", split {split}" if split else "")
    yield f"  {result['model']}{how}"
    yield from (f"  note: {note}" for note in result["notes"])
    yield from (f"  left out: {count} {reason}" for reason, count in result["left_out"].items())
    count = _counted(result["n"], result["item"])
    missed = result["n"] - result["detected"]
    said = [f"{number:,} {what}" for number, what in ((missed, "without a face"), (result["abstained"], "abstained"))]
    yield f"  {', '.join([count, *(text for text in said if not text.startswith('0 '))])}"
    if not result["labelled"]:
        yield f"  not labelled; predicted: {', '.join(f'{label} {n}' for label, n in result['predicted'].items())}"
    else:
        yield from _figures(result)
    yield from _groups(result.get("by_group", {}))
    yield from _hostility(result.get("hostility"))
    yield from _detection(result.get("detection"))
    for key in ("all_remaining", "windows"):
        if key in result:
            yield f"  {key.replace('_', ' ')}: {result[key]['n']} {'windows' if key == 'windows' else 'pictures'}"
            yield from _figures(result[key], indent="    ", subjects=False)


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _figures(result: Mapping[str, Any], indent: str = "  ", *, subjects: bool = True) -> Iterator[str]:
    over = result["intervals"]
    word = _counted(over["groups"], over["over"])
    yield f"{indent}{'':<20}{'figure':>7}   95 % interval over {word}{' (rough: few)' if over['groups'] < 10 else ''}"
    for name, title in _TITLES.items():
        if result[name] is not None:
            yield f"{indent}{title:<20}{result[name]:>7.3f}   {_ends(result['ci95'][name])}"
    yield f"{indent}{'label':<16}{'n':>7}  {'recall':<25}precision"
    for label, one in result["per_class"].items():
        recall, precision = _share(one, "recall"), _share(one, "precision")
        yield f"{indent}{label:<16}{one['n']:>7,}  {recall:<25}{precision}"
    if subjects and result["by_subject"]:
        yield from _subjects(result["by_subject"], indent)


def _ends(ends: list[float] | None) -> str:
    return f"{ends[0]:.3f} to {ends[1]:.3f}" if ends else "no interval"


def _share(one: Mapping[str, Any], name: str) -> str:
    return "-" if one[name] is None else f"{one[name]:.3f} ({_ends(one[f'{name}_ci95'])})"


def _subjects(table: Mapping[str, Mapping[str, Any]], indent: str) -> Iterator[str]:
    shown = list(table.items())
    if len(shown) > SUBJECTS_SHOWN:
        shown = sorted(shown, key=lambda entry: (entry[1]["accuracy"], -entry[1]["n"]))[:SUBJECTS_SHOWN]
        yield f"{indent}by subject, the {SUBJECTS_SHOWN} lowest of {len(table)} (all with --json)"
    else:
        yield f"{indent}by subject"
    width = max(16, *(len(subject) for subject, _ in shown))
    yield f"{indent}{'subject':<{width}}{'n':>7}  accuracy  balanced"
    for subject, one in shown:
        yield f"{indent}{subject:<{width}}{one['n']:>7,}  {one['accuracy']:>8.3f}  {one['balanced_accuracy']:>8.3f}"


def _groups(table: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for column, groups in table.items():
        width = max(20, *(len(value) for value in groups))
        yield f"  by {column}"
        yield f"  {'':<{width}}{'n':>7}  {'accuracy':<25}balanced"
        for value, one in groups.items():
            shares = [f"{one[name]:.3f} ({_ends(one['ci95'][name])})" for name in ("accuracy", "balanced_accuracy")]
            yield f"  {value:<{width}}{one['n']:>7,}  {shares[0]:<25}{shares[1]}"


def _hostility(figures: Mapping[str, Any] | None) -> Iterator[str]:
    if figures is None:
        return
    ends = figures["ci95"]
    yield f"  displayed hostility: anger + disgust, {figures['n_hostile']} against {figures['n_other']} others"
    threshold = f"{figures['threshold']:g}"
    for name, title in (
        ("auc", "AUC"),
        ("recall_at_5_percent_false", "recall at 5 % false"),
        ("recall_at_threshold", f"recall at {threshold}"),
        ("false_at_threshold", f"false at {threshold}"),
    ):
        yield f"    {title:<20}{figures[name]:>5.3f}   {_ends(ends[name])}"


def _detection(figures: Mapping[str, Any] | None) -> Iterator[str]:
    if figures is None:
        return
    yield "  detection"
    for name, value in figures.items():
        if value is not None and not name.endswith("ci95"):
            ends = figures.get(f"{name}_ci95")
            shown = f"{value:.3f}   {_ends(ends)}" if isinstance(value, float) else str(value)
            yield f"    {name.replace('_', ' '):<36}{shown}"
