"""The charts of the documentation, drawn for a light and for a dark page, narrow enough for a phone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure as Drawing

from .figures import Figures
from .report import hostile

_THEMES = {
    "light": {"text": "#1b1b1b", "page": "#ffffff", "bar": "#0b6e4f", "rest": "#d7dedb", "bound": "#b3261e"},
    "dark": {"text": "#e6e6e6", "page": "#131416", "bar": "#5fd3a8", "rest": "#3a4441", "bound": "#ff9c8f"},
}
_WIDTH = 4.6  # inches: at 390 pixels the text still has the size of the page's

_Colors = dict[str, str]


def draw(figures: Figures, directory: Path) -> None:
    """Write ``NAME-THEME.svg`` for each chart and theme."""
    directory.mkdir(parents=True, exist_ok=True)
    charts: dict[str, tuple[int, Callable[[Axes, Figures, _Colors], None]]] = {
        "share": (len(figures.matching("request: ")), _share),
        "forms": (len(figures.matching("form: ")), _forms),
        "hostile": (_HOSTILE, _hostile),
    }
    style: dict[Any, Any] = {
        "font.size": 10,
        "svg.hashsalt": "skypay-payout",
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    for theme, colors in _THEMES.items():
        text = {f"{part}.color": colors["text"] for part in ("text", "xtick", "ytick")}
        edges = {"axes.edgecolor": colors["text"], "axes.labelcolor": colors["text"]}
        with mpl.rc_context(style | text | edges):
            for name, (bars, chart) in charts.items():
                drawing = Drawing(figsize=(_WIDTH, 0.9 + 0.36 * bars), layout="constrained")
                axes = drawing.subplots()
                chart(axes, figures, colors)
                drawing.savefig(directory / f"{name}-{theme}.svg", transparent=True, metadata={"Date": None})


def _bars(axes: Axes, names: Sequence[str], values: Sequence[float], color: str) -> BarContainer:
    bars = axes.barh([fill(name, 28) for name in names], values, color=color)
    axes.tick_params(axis="y", length=0, labelsize=9)
    axes.set_ylim(len(names) - 0.5, -0.5)
    return bars


def _ratios(axes: Axes, names: Sequence[str], values: Sequence[float], colors: _Colors) -> None:
    bars = _bars(axes, names, values, colors["bar"])
    axes.bar_label(bars, [f"{value:.2f}" for value in values], padding=-26, color=colors["page"], fontsize=9)


def _line(axes: Axes, at: float, text: str, color: str) -> None:
    axes.axvline(at, color=color, linewidth=1, linestyle="--")
    axes.text(at, 1.01, text, color=color, fontsize=9, ha="center", transform=axes.get_xaxis_transform())


def _share(axes: Axes, figures: Figures, colors: _Colors) -> None:
    groups = figures.matching("request: ")
    values = [100 * group["receive and respond"].ratio[1] for group in groups.values()]
    _bars(axes, list(groups), [100] * len(groups), colors["rest"])
    bars = _bars(axes, list(groups), values, colors["bar"])
    axes.bar_label(bars, [f"{value:.1f} %" for value in values], padding=4, fontsize=9)
    axes.set(xlabel="share of a request's CPU time in %", xlim=(0, 100))


def _forms(axes: Axes, figures: Figures, colors: _Colors) -> None:
    groups = figures.matching("form: ")
    values = [group["skypay-payout"].ratio[1] for group in groups.values()]
    _ratios(axes, list(groups), values, colors)
    _line(axes, 1, "pydantic", colors["text"])
    _line(axes, 2.6, "bound", colors["bound"])
    axes.set(xlabel="time to parse, divided by pydantic's", xlim=(0, max(3.0, *values) * 1.05))


_HOSTILE = 12


def _hostile(axes: Axes, figures: Figures, colors: _Colors) -> None:
    rows = hostile(figures, "hostile: ")[:_HOSTILE]
    values = [figure.ratio[1] for _, _, figure in rows]
    _ratios(axes, [name for name, _, _ in rows], values, colors)
    _line(axes, 1, "an honest body", colors["bound"])
    axes.set(
        xlabel="time to reject, divided by that\nto accept an honest body", xlim=(0, max(1.2, *values) * 1.05)
    )
