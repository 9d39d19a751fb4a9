"""The figures as Markdown, for the documentation and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from .figures import PACKAGES, Figures
from .scale import Scale
from .tables import Cells, Table, tables


def page(figures: Figures) -> str:
    """The whole page."""
    return "\n".join(["# Benchmark figures\n", _circumstances(figures), *map(_section, tables(figures))])


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
