"""The acknowledgement: one fixed response, whatever the status."""

from __future__ import annotations

import inspect
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from attrs.exceptions import FrozenInstanceError

from skypay_payout import Acknowledgement, acknowledge
from tests.support.callbacks import UTC8

PUBLISHED = datetime(2018, 6, 18, 17, 52, 10, 521100, tzinfo=UTC8)


def test_the_published_acknowledgement_in_the_order_of_the_specification() -> None:
    acknowledgement = acknowledge(PUBLISHED)
    assert list(acknowledgement.to_dict().items()) == [
        ("responseTime", "2018-06-18 17:52:10.5211"),
        ("responseCode", "1000"),
        ("responseDescription", "Success"),
    ]
    assert acknowledgement.to_json() == (
        b'{"responseTime":"2018-06-18 17:52:10.5211","responseCode":"1000","responseDescription":"Success"}'
    )
    assert json.loads(acknowledgement.to_json()) == acknowledgement.to_dict()


def test_without_a_time_it_is_of_now() -> None:
    before = datetime.now(UTC)
    at = acknowledge().response_time
    assert before <= at <= datetime.now(UTC)
    assert at.utcoffset() == timedelta(hours=8)


def test_no_argument_changes_the_code_or_the_text() -> None:
    assert list(inspect.signature(acknowledge).parameters) == ["at"]
    assert list(inspect.signature(Acknowledgement).parameters) == ["response_time"]
    acknowledgement = Acknowledgement(PUBLISHED)
    assert (acknowledgement.response_code, acknowledgement.response_description) == ("1000", "Success")
    with pytest.raises(FrozenInstanceError):
        acknowledgement.response_code = "2000"  # type: ignore[misc, assignment]


@pytest.mark.parametrize("build", [acknowledge, Acknowledgement])
def test_a_time_that_names_no_instant_is_an_error(build: Callable[[object], object]) -> None:
    with pytest.raises(ValueError, match="^expected an aware datetime, got a naive one"):
        build(datetime(2018, 6, 18))
    with pytest.raises(TypeError, match="^expected an aware datetime, got str$"):
        build("2018-06-18 17:52:10.5211")


def test_an_acknowledgement_is_a_value() -> None:
    assert acknowledge(PUBLISHED) == acknowledge(PUBLISHED.astimezone(UTC))
    assert pickle.loads(pickle.dumps(acknowledge(PUBLISHED))) == acknowledge(PUBLISHED)  # noqa: S301
