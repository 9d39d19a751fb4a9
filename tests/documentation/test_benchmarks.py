"""The benchmarks measure what they say: everyone does the same job, and the page shows what was measured.

Nothing here depends on how long anything takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

for library in ("fastapi", "flask", "msgspec", "pydantic", "pyperf", "uvicorn", "waitress"):
    if find_spec(library) is None:  # not importorskip: importing them all takes half a second
        pytest.skip(
            "the benchmarks need the dependency groups 'bench' and 'recipes'", allow_module_level=True
        )

from skypay_payout import CallbackParser, ErrorCode  # noqa: E402
from skypay_payout.testing import CREDENTIALS, RejectionCase, rejection_cases  # noqa: E402
from tests.benchmarks import report, requests, subjects  # noqa: E402
from tests.benchmarks.__main__ import Scale, measured  # noqa: E402
from tests.benchmarks.bodies import FORMS, grown  # noqa: E402
from tests.benchmarks.figures import ROOT, Figure, read, summarised, write  # noqa: E402
from tests.benchmarks.hostile import HOSTILE  # noqa: E402
from tests.benchmarks.peers import by_msgspec, by_pydantic  # noqa: E402
from tests.benchmarks.subjects import Group, Subject, told  # noqa: E402
from tests.benchmarks.timing import interleaved  # noqa: E402
from tests.support.hostile import REJECTED  # noqa: E402

parser = CallbackParser(CREDENTIALS)


@pytest.mark.parametrize(
    "make", [make for name, make in subjects.groups().items() if not name.endswith(("16384", "65536"))]
)
def test_every_subject_gives_what_it_should(make: Callable[[], Group]) -> None:
    group = make()
    assert [name for name, subject in group.items() if not subject.is_right(subject.call())] == []


def test_a_subject_that_gives_anything_else_is_not_timed() -> None:
    wrong = Subject(lambda: by_pydantic.parse(FORMS["time with Z"]), subjects.is_a(bytes))
    with pytest.raises(AssertionError, match="pydantic"):
        interleaved({"pydantic": wrong}, 1, 0)


def test_all_forms_hold_one_callback_and_pydantic_keeps_the_same_extra_fields() -> None:
    for body in FORMS.values():
        ours, theirs = parser.parse(body), by_pydantic.parse(body)
        assert told(ours) == told(theirs) == told(by_msgspec.parse(body))
        assert ours.extra == theirs.model_extra
        assert ours.control_number == "SK99123456789"


@pytest.mark.parametrize("parse", [by_pydantic.parse, by_msgspec.parse])
def test_a_peer_accepts_of_what_this_library_rejects_only_what_the_page_names(
    parse: Callable[[bytes], object],
) -> None:
    accepted = [case for case in rejection_cases(parser) if accepts(parse, case)]
    # Numbers beyond the range of JSON are not_json here.
    named = {ErrorCode.DUPLICATE_FIELD, ErrorCode.NOT_JSON, ErrorCode.TOO_COMPLEX}
    assert {case.code for case in accepted} == named


def accepts(parse: Callable[[bytes], object], case: RejectionCase) -> bool:
    try:
        parse(case.body)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("size", [300, 8000, 65_536])
def test_a_hostile_body_has_the_size_of_the_honest_one(size: int) -> None:
    assert len(grown(size)) == size
    sizes = {name: len(make(size)) for name, make in HOSTILE.items() if name not in REJECTED}
    assert {name: made for name, made in sizes.items() if made != size} == {}
    assert all(size - 500 <= len(make(size)) <= size + 100 for make in REJECTED.values())


def test_ratios_are_of_the_same_round() -> None:
    figures = summarised({"group": {"base": [4.0, 3.0, 2.0], "other": [2.0, 3.0, 6.0]}})
    assert figures == {
        "group": {"base": Figure(3.0, (1.0, 1.0, 1.0)), "other": Figure(3.0, (0.75, 1.0, 2.0))}
    }


@pytest.mark.parametrize(
    ("worst", "is_share", "verdict"),
    [(1.0049, False, "reached"), (1.0051, False, "**not reached**"), (1.0004, True, "reached")],
)
def test_a_verdict_follows_from_the_figure_that_is_shown(worst: float, is_share: bool, verdict: str) -> None:
    assert report.Bound("", 1.0, worst, "", is_share).verdict == verdict


def test_the_published_figures_are_of_all_forms_and_sizes() -> None:
    figures = read()
    assert list(figures.matching("form: ")) == list(FORMS)
    assert list(figures.matching("hostile: ")) == [str(size) for size in subjects.SIZES]


def test_the_sentences_of_the_page_have_all_of_their_figures() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert set(re.findall(r"{{ (\w+) }}", page)) == report.substitutions(read()).keys()


def test_the_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    write(read(), tmp_path / "figures.json")
    assert read(tmp_path / "figures.json") == read()
    assert report.tables(read()).count("\n## ") == 7


@pytest.mark.heavy
def test_a_run_measures_all_that_the_page_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoints = [("FastAPI", "plain", "without store"), ("Flask", "encrypted", "with store")]
    others = {f"request: {', '.join(one)}" for one in requests.ENDPOINTS if one not in endpoints}
    monkeypatch.setattr(requests, "ENDPOINTS", endpoints)
    figures = measured(Scale(processes=1, rounds=2, seconds=0, requests=8))
    assert figures.groups.keys() == read().groups.keys() - others
