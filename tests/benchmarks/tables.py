"""The tables of the page: what was measured, beside what it should be."""

from __future__ import annotations

from collections.abc import Iterable
from math import log
from typing import TypeAlias

from attrs import frozen

from . import subjects
from .figures import Figures, Spread
from .peers import by_msgspec, by_pydantic
from .programs import JOBS, PEERS

Cells: TypeAlias = tuple[str, ...]


@frozen
class Table:
    """One table, and what to know when reading it."""

    title: str
    text: str
    head: Cells
    rows: tuple[Cells, ...]


def tables(figures: Figures) -> tuple[Table, ...]:
    """All tables, in the page's order."""
    return (
        _parsing(figures),
        _answering(figures),
        _refusing(figures),
        _bounds(figures),
        _starts(figures),
        _memory(figures),
        _growing(figures),
        _accounts(figures),
        _archives(figures),
        _peers(),
    )


def _parsing(figures: Figures) -> Table:
    def row(name: str, goal: str = "", reached: str = "", ours: str = "skypay-payout") -> Cells:
        ratio = figures.ratio(f"parse: {ours}", f"parse: {name}")
        return name, _time(figures, f"parse: {name}"), _ratio(ratio), goal, reached

    def peer(name: str, limit: float, *, at_most: bool, tolerated: float | None = None) -> Cells:
        ratio = figures.ratio("parse: skypay-payout", f"parse: {name}").median
        goal = f"{'at most' if at_most else 'below'} {limit}"
        return row(name, goal, verdict(ratio, limit, at_most=at_most, tolerated=tolerated))

    return Table(
        "Parse a plain body",
        f"""From the bytes of one compact body ({len(subjects.BODY)} bytes) to a checked, authenticated, typed
        callback. The ratio is this library's time divided by the row's: below 1 means that this library
        is faster. pydantic and msgspec do the same checks. standardwebhooks and stripe's construct_event
        do less: they verify a signature and parse JSON, and check no member. The second row is this
        library once more: as far as its ratio is from 1, so far is no difference told from noise. The
        published sample has line breaks, and a comma at its end. All these bodies have the usual form,
        which this library reads at one go. The last rows have the members in another order, which it
        reads the long way, as it does every body with an escape or an unknown member; they are compared
        with each other.""",
        ("", "time", "this library : row", "goal", ""),
        (
            row("skypay-payout"),
            row("skypay-payout again"),
            peer("pydantic", 1.0, at_most=True, tolerated=1.5),
            peer("msgspec", 4.0, at_most=True),
            peer("standardwebhooks", 0.5, at_most=False),
            peer("stripe", 0.1, at_most=False),
            row("published sample"),
            row("another order", ours="another order"),
            row("pydantic, another order", ours="another order"),
            row("msgspec, another order", ours="another order"),
        ),
    )


def _answering(figures: Figures) -> Table:
    def row(name: str, label: str, goal: str = "", reached: str = "") -> Cells:
        ratio = figures.ratio(f"answer: {name}", "answer: plain")
        return label, _time(figures, f"answer: {name}"), _ratio(ratio), goal, reached

    encrypted = figures.ratio("answer: encrypted", "answer: plain").median
    half = figures.spread("answer: plain").median / 2
    quick = figures.spread("answer: acknowledge").median < max(2e-6, half)
    return Table(
        "Encrypted bodies, and the answer",
        """The ratio is the row's time divided by that of parsing a plain body. An encrypted body is decoded
        from Base64 and decrypted first. The answer is made by acknowledge and written as JSON; reply does
        both, and seals it where the callback was encrypted.""",
        ("", "time", "row : parse", "goal", ""),
        (
            row("plain", "parse, plain"),
            row(
                "encrypted",
                "parse, encrypted",
                "at most 2.5",
                verdict(encrypted, 2.5, at_most=True),
            ),
            row("encrypted with the older of two keys", "parse, encrypted with the older of two keys"),
            row(
                "acknowledge",
                "acknowledge().to_json()",
                "below 2 µs, or half of parse",
                _reached(quick),
            ),
            row("reply", "reply"),
            row("encrypted reply", "reply, encrypted"),
        ),
    )


def _refusing(figures: Figures) -> Table:
    def ratio(name: str, accepted: str) -> Spread:
        return figures.ratio(f"refuse: {name}", f"refuse: {accepted}")

    def row(name: str, accepted: str = "accepted", other: str = "") -> Cells:
        told = ratio(name, accepted)
        beside_other = _number(ratio(name, other).median) if other else ""
        cells = name, _time(figures, f"refuse: {name}"), _ratio(told), beside_other
        if name in (accepted, other):
            return *cells, "", ""
        return *cells, "at most 1.0", verdict(told.median, 1.0, at_most=True)

    sealed = "encrypted, accepted"
    other = "accepted, another order"
    plain = (
        "accepted",
        other,
        "wrong secret",
        "wrong account",
        "not JSON",
        "not UTF-8",
        "cut short",
        "a member twice",
        "too large",
        "one wrong member",
        "four wrong members",
    )
    return Table(
        "Refuse a body",
        """From the bytes to the error, caught. The first ratio is the row's time divided by that of accepting
        the good body, plain or encrypted, in its usual form. Refusing should never be dearer, or it would
        pay to send bad bodies. The second is to accepting the same callback with its members in another
        order, since most refused bodies take the long way, as that one does. Wrong members are looked at
        only once the sender is proved, so only SkyPay itself can cause that cost.""",
        ("", "time", "refused : accepted", "another order", "goal", ""),
        (
            *(row(name, other=other) for name in plain),
            row(sealed, sealed),
            row("encrypted with an unknown key", sealed),
            row("plain where encryption is due", sealed),
        ),
    )


def _bounds(figures: Figures) -> Table:
    sizes = figures.scale.hostile_sizes
    least = f"bounds {sizes[0]}"

    def row(name: str) -> Cells:
        ratios = [figures.ratio(f"bounds {size}: {name}", f"bounds {size}: honest") for size in sizes]
        growth = _exponent(
            sizes[-1] / sizes[0],
            figures.spread(f"bounds {sizes[-1]}: {name}").median / figures.spread(f"{least}: {name}").median,
        )
        accepted = f"secret: {name}, accepted"
        cells = (
            name,
            _time(figures, f"{least}: {name}"),
            _ratio(ratios[0]),
            *(_number(ratio.median) for ratio in ratios[1:]),
            _number(figures.ratio(f"secret: {name}", accepted).median) if accepted in figures else "",
            _number(growth),
        )
        if name == "honest":
            return *cells, ""
        missed = [] if all(_met(ratio.median, 1.0) for ratio in ratios) else ["ratio"]
        missed += [] if _met(growth, 1.25) else ["growth"]
        return *cells, f"**not reached**: {', '.join(missed)}" if missed else "reached"

    dearest = max(figures.spread(f"{least}: {name}").median for name in subjects.HOSTILE)
    sample = figures.spread("parse: skypay-payout").median
    return Table(
        "Hostile bodies",
        f"""Bodies that someone might send to cost time, of three sizes: the default limit, and beyond it with
        a raised limit. All but the last have no valid secret. The ratios are the time for refusing one,
        divided by the time for accepting an honest body of the same size, which is the sample's callback with
        as many unknown members of ordinary text as it takes. The next column divides by the time for
        accepting the very same body with the right secret in it, at the default limit. Growth is the power
        of its size with which a body's time grows from the smallest to the largest: 1 is in proportion, 2
        would be with the square. The goal is a ratio of at most 1.0 at every size, and a growth of at most
        1.25, which leaves room for memory that is slower the more of it is used. Within the default limit,
        the dearest of them takes {_seconds(dearest)}, as much as {dearest / sample:,.0f} callbacks of the
        ordinary size.""",
        (
            "",
            f"time at {sizes[0]:,} bytes",
            *(f"ratio at {size:,}" for size in sizes),
            "ratio to itself, accepted",
            "growth",
            "goal",
        ),
        tuple(row(name) for name in ("honest", *subjects.HOSTILE)),
    )


def _starts(figures: Figures) -> Table:
    def row(name: str, goal: str = "", reached: str = "") -> Cells:
        ratio = figures.ratio_above("start: bare", f"start: {name}", "start: pydantic")
        return name, _time(figures, f"start: {name}"), _ratio(ratio), goal, reached

    ours = figures.ratio_above("start: bare", "start: skypay-payout", "start: pydantic").median
    return Table(
        "Cold start",
        """A fresh interpreter imports the library, builds its parser or model, parses one body and ends. The
        ratio is what that takes beyond a bare interpreter, divided by what pydantic takes beyond it.""",
        ("", "time", "row : pydantic, above bare", "goal", ""),
        (
            ("bare interpreter", _time(figures, "start: bare"), "", "", ""),
            row("skypay-payout", "at most 0.6", verdict(ours, 0.6, at_most=True)),
            row("pydantic"),
            row("msgspec"),
        ),
    )


def _memory(figures: Figures) -> Table:
    def row(name: str) -> Cells:
        held = figures.spread(f"held memory: {name}")
        ratio = figures.ratio("held memory: skypay-payout", f"held memory: {name}")
        return name, _bytes(held.median * figures.scale.held), f"{held.median:.0f} B", _ratio(ratio)

    return Table(
        "Memory of callbacks that are held",
        f"""By how much the process grows when it holds {figures.scale.held:,} callbacks, each of another
        payout.""",
        ("", "all", "one", "this library : row"),
        tuple(map(row, PEERS)),
    )


def _growing(figures: Figures) -> Table:
    def row(size: int) -> Cells:
        name = f"grow: skypay-payout, {size} bytes"
        peers = (figures.ratio(name, f"grow: {peer}, {size} bytes") for peer in ("pydantic", "msgspec"))
        each = figures.spread(name).median / size
        return f"{size:,} bytes", _time(figures, name), _seconds(each), *map(_ratio, peers)

    return Table(
        "Growth with the size of the body",
        """The sample's callback with more and more unknown members. This library and pydantic keep them, and
        this library looks for the secret in them; msgspec passes over them. The ratios are this library's
        time divided by the other's.""",
        ("", "time", "a byte", ": pydantic", ": msgspec"),
        tuple(map(row, subjects.GROWN_SIZES)),
    )


def _accounts(figures: Figures) -> Table:
    def row(accounts: int, secrets: int) -> Cells:
        kinds = [f"accounts: {kind}, {accounts} x {secrets}" for kind in ("accepted", "refused")]
        ratios = [
            figures.ratio(kind, f"accounts: {name}, 1 x 1")
            for kind, name in zip(kinds, ("accepted", "refused"), strict=True)
        ]
        cells = (
            cell
            for kind, ratio in zip(kinds, ratios, strict=True)
            for cell in (_time(figures, kind), _ratio(ratio))
        )
        return f"{accounts}", f"{secrets}", *cells

    return Table(
        "Growth with accounts and secrets",
        """Every configured secret of every account is compared with what arrived, each time and in constant
        time, so that the time tells nothing. The ratios are to one account with one secret.""",
        ("accounts", "secrets of each", "accepted", "ratio", "wrong secret", "ratio"),
        tuple(row(*numbers) for numbers in subjects.ACCOUNTS),
    )


def _archives(figures: Figures) -> Table:
    counts = {"small": figures.scale.bodies // 10, "large": figures.scale.bodies}

    def row(name: str, how: str) -> Cells:
        each = figures.spread(f"archive: {name}, {how}")
        memory = f"archive memory: {name}, {how}"
        cells = (
            f"{counts[name]:,}",
            how,
            f"{1 / each.median:,.0f} ({1 / each.upper:,.0f} to {1 / each.lower:,.0f})",
            _bytes(figures.spread(memory).median),
        )
        if name == "small":
            return *cells, "", ""
        growth = figures.ratio(memory, f"archive memory: small, {how}").median
        return *cells, "at most 1.1 × that of the small", verdict(growth, 1.1, at_most=True)

    return Table(
        "Checking an archive",
        f"""`skypay-payout check --lines` over an archive with one good body a line, from its start to its
        end, in one process and with `--jobs` for all cores ({figures.metadata["cpu_count"]} here). Memory
        is the most that all its processes had together, with what they share counted for each: it should
        not grow with the archive.""",
        ("bodies", "", "bodies a second", "most memory", "goal", ""),
        tuple(row(name, how) for how in JOBS for name in counts),
    )


def _peers() -> Table:
    return Table(
        "What the peers do not refuse",
        """For an honest comparison, the code that uses pydantic and msgspec refuses what this library
        refuses. These bad bodies are the exceptions; the libraries have no check for them, and one in
        Python would slow them.""",
        ("", "accepted although bad"),
        tuple(
            (name, "; ".join(accepts))
            for name, accepts in (("pydantic", by_pydantic.ACCEPTS), ("msgspec", by_msgspec.ACCEPTS))
        ),
    )


def _exponent(of: float, gives: float) -> float:
    return log(gives) / log(of)


def _met(value: float, limit: float, *, at_most: bool = True) -> bool:
    # What the table shows is what is judged.
    shown = float(_number(value))
    return shown <= limit if at_most else shown < limit


def verdict(value: float, limit: float, *, at_most: bool, tolerated: float | None = None) -> str:
    """Whether a goal is reached; ``tolerated`` is what beyond it may still be borne."""
    if tolerated is not None and limit < float(_number(value)) <= tolerated:
        return f"not reached, but within {tolerated}"
    return _reached(_met(value, limit, at_most=at_most))


def _reached(met: bool) -> str:
    return "reached" if met else "**not reached**"


def _ratio(ratio: Spread) -> str:
    return f"{_number(ratio.median)} ({_number(ratio.lower)} to {_number(ratio.upper)})"


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def _time(figures: Figures, name: str) -> str:
    return _seconds(figures.spread(name).median)


def _seconds(value: float) -> str:
    return _with_unit(value, (("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)))


def _bytes(value: float) -> str:
    return _with_unit(value, (("B", 1), ("KiB", 2**10), ("MiB", 2**20)))


def _with_unit(value: float, units: Iterable[tuple[str, float]]) -> str:
    unit, scale = [(unit, scale) for unit, scale in units if value >= scale or unit in ("ns", "B")][-1]
    return f"{value / scale:.3g} {unit}"
