"""The bounds and the figures of one run, as tables and as the numbers in the documentation's sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from .figures import Figure, Figures

Row = Sequence[str]


@frozen
class Bound:
    """A limit, and the figure that is furthest from it."""

    what: str
    limit: float
    worst: float
    where: str

    @property
    def is_met(self) -> bool:
        """Whether the figure that is shown is within the limit."""
        return round(self.worst, 2) <= self.limit


def bounds(figures: Figures) -> dict[str, Bound]:
    """Return all bounds by the names that the documentation has for them, each with its worst figure."""

    def bound(what: str, limit: float, named: Iterable[tuple[str, Figure]]) -> Bound:
        where, worst = max(named, key=lambda one: one[1].ratio[1])
        return Bound(what, limit, worst.ratio[1], where)

    def ours(start: str) -> list[tuple[str, Figure]]:
        return [(name, group["skypay-payout"]) for name, group in figures.matching(start).items()]

    bodies = list(figures.groups["unauthenticated"].items())[1:]
    return {
        "forms": bound("Parse a valid body of up to 4 KB, to pydantic", 2.6, ours("form: ")),
        "large": bound("Parse a valid body of 60 KB of extra fields, to pydantic", 4, ours("large: ")),
        "text": bound("Parse a body with a text of 64 KB, to json.loads", 2, ours("text: ")),
        "hostile": bound("Reject 64 KB of an unauthenticated sender, to accepting 60 KB", 12, bodies),
        "start": bound("Cold start, to pydantic", 0.55, ours("start")),
    } | {f"store_{name}": Bound(*one) for name, one in _stores(figures.stores).items()}


def _stores(stores: Mapping[str, Mapping[str, float]]) -> dict[str, tuple[str, float, float, str]]:
    """Return the bounds of the stores, by their names in the file."""
    limits = {
        "save": ("Store an event, to a bare INSERT by the same driver", 2.0),
        "django_save": ("Store an event with Django's app, to the same, on SQLite and PostgreSQL", 2.0),
        "process": ("Process an event with 200,000 waiting, to one with 1,000", 1.5),
    }
    found: dict[str, tuple[str, float, float, str]] = {}
    for name, (what, limit) in limits.items():
        worst = [
            (ratios[name], database)
            for database, ratios in stores.items()
            if name in ratios and (name, database) != ("django_save", "mariadb")
        ]
        if worst:
            found[name] = (what, limit, *max(worst))
    return found


def substitutions(figures: Figures) -> dict[str, str]:
    """Return the figures in the sentences of the documentation, by name."""
    found = {
        f"{kind}_share": f"{100 * group['receive and respond'].ratio[1]:.0f} %"
        for kind, group in figures.matching("request: ").items()
    }
    for name, one in bounds(figures).items():
        found |= {name: f"{one.worst:.2f}", f"{name}_limit": f"{one.limit:g}"}
    return found


def tables(figures: Figures) -> str:
    """Return all tables, as Markdown."""
    text = "## Bounds\n\n" + _table(
        ("bound", "limit", "worst figure", "of", "verdict"),
        [
            (one.what, f"{one.limit:g}", f"{one.worst:.2f}", one.where, "met" if one.is_met else "**missed**")
            for one in bounds(figures).values()
        ],
    )
    for name, group in figures.groups.items():
        ratio = "{1:.2f} ({0:.2f} to {2:.2f})".format
        rows = [(subject, _time(one.seconds), ratio(*one.ratio)) for subject, one in group.items()]
        text += f"\n## {name}\n\n" + _table(("", "time", "ratio"), rows)
    for database, ratios in figures.stores.items():
        rows = [(name, f"{value:.4g}", "") for name, value in ratios.items()]
        text += f"\n## store: {database}\n\n" + _table(("", "figure", ""), rows)
    return text + "\n## Machine\n\n" + _table(("", ""), list(figures.circumstances.items()))


def _table(head: Row, rows: Sequence[Row]) -> str:
    return "".join("| " + " | ".join(line) + " |\n" for line in [head, ["---"] * len(head), *rows])


def _time(seconds: float) -> str:
    unit, scale = ("ms", 1e-3) if seconds >= 1e-3 else ("µs", 1e-6)
    return f"{seconds / scale:.3g} {unit}"
