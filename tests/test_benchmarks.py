"""The benchmarks measure what they say: everyone does the same job, and the page tells all of it.

Nothing is said here of how long anything takes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

for library in ("msgspec", "psutil", "pydantic", "pyperf", "standardwebhooks", "stripe"):
    pytest.importorskip(library, reason="the benchmarks need the dependency group 'bench'")

from benchmarks import subjects  # noqa: E402
from benchmarks.__main__ import measured  # noqa: E402
from benchmarks.figures import Spread, collected, read  # noqa: E402
from benchmarks.page import page  # noqa: E402
from benchmarks.peers import by_msgspec, by_pydantic, by_signature, by_skypay_payout  # noqa: E402
from benchmarks.scale import SMOKE  # noqa: E402
from benchmarks.subjects import BODY, Group, Subject, told  # noqa: E402
from benchmarks.tables import tables, verdict  # noqa: E402
from benchmarks.timing import interleaved  # noqa: E402
from skypay_payout import CallbackParser, PayType  # noqa: E402
from skypay_payout.testing import CREDENTIALS, BadBody, bad_bodies, body  # noqa: E402

BAD_BODIES = bad_bodies(CallbackParser(CREDENTIALS))
GOOD_BODIES = [
    *map(body, PayType),
    *(body(payType=int(status)) for status in PayType),
    body(failDescription="", referenceNumber=None),
    body(dealTime="2018-08-07T03:58:33Z"),
    body(dealTime="2018-08-07T11:58:33.521+05:30"),
    body(controlNumber="SKY990000000012", since="v1.40"),
]
GROUPS: list[Callable[[], Group]] = [
    subjects.parsing,
    subjects.answering,
    subjects.refusing,
    subjects.growing,
    subjects.several_accounts,
    lambda: subjects.bounds(8_000),
    lambda: subjects.only_unauthenticated(8_000),
]


@pytest.mark.parametrize("make", GROUPS)
def test_every_subject_gives_what_it_should(make: Callable[[], Group]) -> None:
    group = make()
    assert [name for name, subject in group.items() if not subject.is_right(subject.call())] == []


def test_a_subject_that_gives_anything_else_is_not_timed() -> None:
    wrong = Subject(lambda: by_pydantic.parse(body(payType=2)), subjects.is_callback)
    with pytest.raises(AssertionError, match="pydantic"):
        interleaved({"pydantic": wrong}, 1, 0)


@pytest.mark.parametrize("peer", [by_pydantic.parse, by_msgspec.parse])
@pytest.mark.parametrize("good", GOOD_BODIES)
def test_a_peer_gives_the_callback_that_this_library_gives(
    peer: Callable[[bytes], object], good: bytes
) -> None:
    assert told(peer(good)) == told(by_skypay_payout.parse(good))


@pytest.mark.parametrize(
    ("peer", "named"), [(by_pydantic.parse, by_pydantic.ACCEPTS), (by_msgspec.parse, by_msgspec.ACCEPTS)]
)
def test_a_peer_refuses_what_this_library_refuses_but_for_what_the_page_names(
    peer: Callable[[bytes], object], named: tuple[str, ...]
) -> None:
    assert len(BAD_BODIES) > 80
    assert sorted(named) == sorted(bad.name for bad in BAD_BODIES if accepts(peer, bad))


def accepts(parse: Callable[[bytes], object], bad: BadBody) -> bool:
    try:
        parse(bad.body)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("peer", [by_signature.standardwebhooks_for, by_signature.stripe_for])
def test_a_signature_covers_the_whole_body(peer: Callable[[bytes], Callable[[bytes], object]]) -> None:
    verify = peer(BODY)
    assert subjects.is_payload(verify(BODY))
    for other in (BODY + b" ", BODY.replace(b'"1"', b'"2"'), b""):
        with pytest.raises(Exception, match="ignature"):
            verify(other)


def test_a_hostile_body_has_the_size_that_is_asked_for() -> None:
    for size in (8_000, 65_536):
        assert {len(make(size)) for make, _ in subjects.HOSTILE.values()} == {size}
        assert len(subjects.grown(size)) == size


def test_ratios_are_told_round_by_round_over_all_processes() -> None:
    first = {"one": [2, 3], "two": [4, 3], "bare": [1, 2]}
    figures = collected(SMOKE, lambda: [first, {"one": [6], "two": [2], "bare": [1]}])
    assert figures.spread("one") == Spread(2.5, 3, 4.5)
    assert figures.ratio("one", "two") == Spread(0.75, 1, 2)
    assert figures.ratio_above("bare", "one", "two") == Spread(2 / 3, 1, 3)


@pytest.mark.parametrize(
    ("value", "at_most", "told"),
    [
        (0.99, True, "reached"),
        (1.0049, True, "reached"),
        (1.0051, True, "not reached, but within 1.5"),
        (1.51, True, "**not reached**"),
        (0.99, False, "reached"),
        (0.9951, False, "**not reached**"),
    ],
)
def test_whether_a_goal_is_reached_is_told_from_the_figure_that_is_shown(
    value: float, at_most: bool, told: str
) -> None:
    assert verdict(value, 1.0, at_most=at_most, tolerated=1.5 if at_most else None) == told


@pytest.mark.heavy
def test_a_run_gives_a_page_with_every_table(tmp_path: Path) -> None:
    figures = measured(SMOKE)
    text = page(figures)
    for table in tables(figures):
        assert f"\n## {table.title}\n" in text
        assert len(table.rows) > 1
    assert "nan" not in text
    suite = tmp_path / "suite.json"
    figures.dump(suite)
    assert page(read(suite)) == text
    assert "hostname" not in suite.read_text(encoding="utf-8")
