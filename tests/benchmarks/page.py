"""The page of the documentation, in Markdown that a terminal shows as well."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from .figures import PACKAGES, Figures
from .scale import Scale
from .tables import Cells, Table, tables

TRIED = Path(__file__).with_name("tried.md")
"""What is written by hand at the end of the page."""

_INTRODUCTION = """\
# Benchmarks

How fast this library is, measured beside others that do the same job, on the same machine and in the same
run. All subjects take turns, in an order that changes from round to round, so that whatever else the machine
does hits all of them alike. A figure is the median over all rounds; in parentheses behind a ratio stand the
quartiles of the ratios of the single rounds. Ratios carry over to other machines better than times do.

Whether a goal is reached is computed from the ratio that is shown. Every subject has to give the right result
before it is timed. `make bench` makes this page anew. Nothing in it is changed by hand but the last section,
which is kept in `tests/benchmarks/tried.md`.
"""


def page(figures: Figures) -> str:
    """The whole page."""
    parts = [
        _INTRODUCTION,
        _circumstances(figures),
        *map(_section, tables(figures)),
        TRIED.read_text("utf-8"),
    ]
    return "\n".join(parts)


def _circumstances(figures: Figures) -> str:
    metadata, scale = figures.metadata, figures.scale
    dates = str(metadata["date"]).partition(".")[0]
    rows = [
        ("date", dates),
        ("commit", str(metadata["git_commit"])),
        ("machine", f"{metadata.get('cpu_model_name', 'unknown')}, {metadata['cpu_count']} cores"),
        ("system", str(metadata["platform"])),
        ("load before the run", f"{metadata.get('load_avg_1min', 'unknown')}"),
        ("Python", f"{metadata['python_implementation']} {metadata['python_version']}"),
        *((name, str(metadata[f"{name}_version"])) for name in PACKAGES),
        ("rounds", f"{scale.processes} processes of {scale.rounds}"),
    ]
    text = _table(("", ""), rows)
    if (scale.processes, scale.rounds) != (Scale().processes, Scale().rounds):
        text += "\nThis was a quick run for a first look. Its figures are not to be relied on.\n"
    return text


def _section(table: Table) -> str:
    return f"## {table.title}\n\n{_filled(table.text)}\n\n{_table(table.head, table.rows)}"


def _filled(text: str) -> str:
    return fill(" ".join(text.split()), 110, break_long_words=False, break_on_hyphens=False)


def _table(head: Cells, rows: Sequence[Cells]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, tuple("-" * max(width, 3) for width in widths), *rows]
    return "".join(
        "| "
        + " | ".join(cell.ljust(max(width, 3)) for cell, width in zip(line, widths, strict=True))
        + " |\n"
        for line in lines
    )
