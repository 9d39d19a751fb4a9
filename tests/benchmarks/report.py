"""What the documentation says of the figures: tables in Markdown, and the numbers in its sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from .figures import Figure, Figures

Row = Sequence[str]


@frozen
class Bound:
    """A goal, and the figure that is furthest from it."""

    what: str
    limit: float
    worst: float
    where: str
    is_share: bool = False

    def __str__(self) -> str:
        return self._shown(self.worst)

    @property
    def goal(self) -> str:
        """The limit as the table shows it."""
        return f"at most {self._shown(self.limit)}"

    @property
    def verdict(self) -> str:
        """Whether the figure that is shown is within the limit."""
        return "reached" if round(self.worst, 2 + self.is_share) <= self.limit else "**not reached**"

    def _shown(self, value: float) -> str:
        return f"{value * 100:.1f} %" if self.is_share else f"{value:.2f}"


def bounds(figures: Figures) -> tuple[Bound, ...]:
    """All bounds, each with its worst figure."""

    def bound(
        what: str, limit: float, named: Iterable[tuple[str, Figure]], *, is_share: bool = False
    ) -> Bound:
        where, worst = max(named, key=lambda one: one[1].ratio[1])
        return Bound(what, limit, worst.ratio[1], where, is_share)

    def shares(what: str, subject: int, kind: str, limit: float) -> Bound:
        named = ((name, group[subject]) for name, group in _endpoints(figures) if kind in name)
        return bound(f"{what}, {kind}", limit, named, is_share=True)

    def rejected(what: str, start: str) -> Bound:
        named = ((f"{name}, {int(size):,} bytes", figure) for name, size, figure in hostile(figures, start))
        return bound(what, 1.0, named)

    forms = ((name, group["skypay-payout"]) for name, group in figures.matching("form: ").items())
    start = [("importing the library and parsing one body", figures.groups["start"]["skypay-payout"])]
    return (
        shares("Share in a request", 1, "plain", 0.02),
        shares("Share in a request", 1, "encrypted", 0.05),
        shares("The same, timed in a loop", 2, "plain", 0.02),
        shares("The same, timed in a loop", 2, "encrypted", 0.05),
        bound("Parse an honest body, to pydantic", 2.6, forms),
        bound("Cold start, to pydantic", 0.55, start),
        rejected("Reject a hostile body, to accepting an honest one", "hostile: "),
        rejected("The same with encrypted bodies", "hostile, encrypted: "),
    )


def _endpoints(figures: Figures) -> list[tuple[str, list[Figure]]]:
    return [(name, list(group.values())) for name, group in figures.matching("request: ").items()]


def hostile(figures: Figures, start: str) -> list[tuple[str, str, Figure]]:
    """Each hostile body, the size at which it costs most, and its cost there; the most expensive first."""
    sizes = figures.matching(start)
    worst = [
        (name, *max(((size, group[name]) for size, group in sizes.items()), key=lambda one: one[1].ratio[1]))
        for name in next(iter(sizes.values()))
        if name != "honest"
    ]
    return sorted(worst, key=lambda one: -one[2].ratio[1])


def substitutions(figures: Figures) -> dict[str, str]:
    """The figures in the sentences of the page, by name."""
    plain, encrypted, _, _, forms, start, *rejected = bounds(figures)
    ratios = [group["skypay-payout"].ratio[1] for group in figures.matching("form: ").values()]
    return {
        "plain_share": str(plain),
        "encrypted_share": str(encrypted),
        "forms": f"{min(ratios):.1f}–{forms.worst:.1f}",
        "start": str(start),
        "hostile": f"{max(bound.worst for bound in rejected):.1f}",
    }


def bounds_table(figures: Figures) -> str:
    """Each bound with its verdict."""
    return _table(
        ("bound", "goal", "worst figure", "of", "verdict"),
        [(one.what, one.goal, str(one), one.where, one.verdict) for one in bounds(figures)],
    )


def tables(figures: Figures) -> str:
    """All tables."""
    return "\n".join(
        f"## {title}\n\n{text}\n\n{table}"
        for title, text, table in (
            ("Bounds", "The goals, and the worst figure of this run.", bounds_table(figures)),
            _requests(figures),
            _forms(figures),
            _calls(figures),
            _starts(figures),
            _hostile(figures, "hostile: ", "Hostile bodies"),
            _hostile(figures, "hostile, encrypted: ", "Hostile bodies where bodies are encrypted"),
            ("Machine and versions", "", _table(("", ""), list(figures.circumstances.items()))),
        )
    )


def _requests(figures: Figures) -> tuple[str, str, str]:
    rows: list[Row] = []
    for name, (request, calls, loop) in _endpoints(figures):
        share = "{1:.1f} % ({0:.1f} to {2:.1f})".format(*(100 * ratio for ratio in calls.ratio))
        rows.append((name, _time(request), _time(calls), share, _time(loop), f"{100 * loop.ratio[1]:.1f} %"))
    text = """\
CPU time of the server process for one request, and of `receive` and `respond` in it, both measured in the
server. uvicorn serves the FastAPI recipe and waitress the Flask recipe. Four connections stay open and keep
the server busy; each request carries the callback of another payout. The store is the recipes' SQLite store.
In a server the two calls take longer than in a loop, which is what the last columns and the tables below
show: the rest of the request has filled the processor's caches with other things."""
    head = ("endpoint", "request", "receive and respond", "share", "both in a loop", "share of that")
    return "Share in a request", text, _table(head, rows)


def _forms(figures: Figures) -> tuple[str, str, str]:
    groups = figures.matching("form: ")
    rows = [
        (name, *map(_time, group.values()), _ratio(group["skypay-payout"])) for name, group in groups.items()
    ]
    text = """\
From the bytes of a body to a validated, authenticated, typed callback. pydantic and this library keep unknown
fields; msgspec drops them. The code around pydantic and msgspec makes the same checks, but neither rejects a
duplicate field, a number that is out of range, or a body of too many elements."""
    head = ("form", *next(iter(groups.values())), "this library : pydantic")
    return "Forms of an honest body", text, _table(head, rows)


def _calls(figures: Figures) -> tuple[str, str, str]:
    rows = [(name, _time(figure), _ratio(figure)) for name, figure in figures.groups["calls"].items()]
    text = "What an endpoint calls, in a loop. The ratio is to `parse` of a plain body."
    return "Calls", text, _table(("call", "time", "ratio"), rows)


def _starts(figures: Figures) -> tuple[str, str, str]:
    rows = [(name, _time(figure), _ratio(figure)) for name, figure in figures.groups["start"].items()]
    text = """\
A fresh interpreter imports the library, builds its parser or model, parses one body and ends: CPU time above
that of an interpreter that does nothing."""
    return "Cold start", text, _table(("library", "time", "ratio to pydantic"), rows)


def _hostile(figures: Figures, start: str, title: str) -> tuple[str, str, str]:
    sizes = figures.matching(start)
    rows = [("accept an honest body", *(_time(group["honest"]) for group in sizes.values()))]
    rows += [
        (name, *(f"{group[name].ratio[1]:.2f}" for group in sizes.values()))
        for name, _, _ in hostile(figures, start)
    ]
    text = """\
Bodies of unauthenticated senders that are made to be expensive, by size in bytes: the time to reject one,
divided by the time to accept an honest body of that size, which is the sample's callback with as many unknown
fields of about 37 bytes as fit. Bodies of many parts have as many as are not rejected before decoding."""
    return title, text, _table(("body", *(f"{int(size):,}" for size in sizes)), rows)


def _table(head: Row, rows: Sequence[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _ratio(figure: Figure) -> str:
    return "{1:.2f} ({0:.2f} to {2:.2f})".format(*figure.ratio)


def _time(figure: Figure) -> str:
    unit, scale = ("ms", 1e-3) if figure.seconds >= 1e-3 else ("µs", 1e-6)
    return f"{figure.seconds / scale:.3g} {unit}"
