"""The benchmarks measure what they say: everyone does the same job, and the page shows what was measured.

Nothing here depends on how long anything takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

for library in ("fastapi", "pydantic", "pyperf", "sqlalchemy", "uvicorn"):
    if find_spec(library) is None:  # not importorskip: importing them all takes half a second
        pytest.skip(
            "the benchmarks need the dependency groups 'bench' and 'recipes'", allow_module_level=True
        )

from skypay_payout import CallbackParser, ErrorCode  # noqa: E402
from skypay_payout.testing import CREDENTIALS, BadBody, bad_bodies  # noqa: E402
from tests.benchmarks import report, timing  # noqa: E402
from tests.benchmarks.bodies import FORMS, grown  # noqa: E402
from tests.benchmarks.expensive import EXPENSIVE, SIZE  # noqa: E402
from tests.benchmarks.figures import ROOT, Figure, read, summarised, write  # noqa: E402
from tests.benchmarks.peers import by_pydantic  # noqa: E402
from tests.benchmarks.timing import Group, Subject, interleaved, told  # noqa: E402

parser = CallbackParser(CREDENTIALS)


@pytest.mark.parametrize("make", timing.groups().values(), ids=[*timing.groups()])
def test_every_subject_gives_what_it_should(make: Callable[[], Group]) -> None:
    group = make()
    assert [name for name, subject in group.items() if not subject.is_right(subject.call())] == []


def test_a_subject_that_gives_anything_else_is_not_timed() -> None:
    wrong = Subject(lambda: by_pydantic.parse(FORMS["time with Z"]), lambda _: False)
    with pytest.raises(AssertionError, match="pydantic"):
        interleaved({"pydantic": wrong}, 1, 0)


def test_all_forms_hold_one_callback_and_pydantic_keeps_the_same_extra_fields() -> None:
    for body in FORMS.values():
        ours, theirs = parser.parse(body), by_pydantic.parse(body)
        assert told(ours) == told(theirs)
        assert ours.extra == theirs.model_extra
        assert ours.control_number == "SK99123456789"


def test_pydantic_accepts_of_the_bad_bodies_only_what_the_page_names() -> None:
    # Duplicate fields, numbers that JSON does not have, and nesting.
    accepted = {case.code for case in bad_bodies(parser) if accepts(case)}
    assert accepted == {ErrorCode.DUPLICATE_FIELD, ErrorCode.NOT_JSON, ErrorCode.TOO_DEEP}


def accepts(case: BadBody) -> bool:
    try:
        by_pydantic.parse(case.body)
    except ValueError:
        return False
    return True


def test_expensive_bodies_have_the_largest_size() -> None:
    assert len(grown(8000)) == 8000
    assert {name: len(body) for name, body in EXPENSIVE.items() if len(body) != SIZE} == {}


def test_ratios_are_of_the_same_round() -> None:
    figures = summarised({"group": {"base": [4.0, 3.0, 2.0], "other": [2.0, 3.0, 6.0]}})
    assert figures == {
        "group": {"base": Figure(3.0, (1.0, 1.0, 1.0)), "other": Figure(3.0, (0.75, 1.0, 2.0))}
    }


def test_a_bound_is_missed_if_the_figure_that_is_shown_is_above_it() -> None:
    assert report.Bound("", 1.0, 1.004, "").is_met
    assert not report.Bound("", 1.0, 1.006, "").is_met


def test_the_published_figures_are_of_all_groups() -> None:
    published = {name for name in read().groups if not name.startswith(("request: ", "start"))}
    assert published == set(timing.groups())


def test_the_figures_of_the_page_are_all_measured() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert set(re.findall(r"{{ (\w+) }}", page)) <= report.substitutions(read()).keys()


def test_the_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    write(read(), tmp_path / "figures.json")
    assert read(tmp_path / "figures.json") == read()
    assert "## Bounds" in report.tables(read())
