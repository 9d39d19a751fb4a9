"""The Hypothesis strategies draw what their names say, for every parser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from skypay_payout import Accepted, CallbackParser, PayoutCallback, PayoutHistory, Quarantined, Rejected
from skypay_payout.testing import strategies
from skypay_payout.testing.strategies import (
    bodies,
    histories,
    invalid_bodies,
    invalid_payloads,
    payloads,
    rejected_bodies,
)
from tests.support.parsers import ENCRYPTED, PLAIN

UNSHRUNK = settings.get_profile("unshrunk")
PARSERS = pytest.mark.parametrize("parser", [PLAIN, ENCRYPTED], ids=["plain", "encrypted"])


@PARSERS
@given(data=st.data())
def test_bodies_are_accepted(parser: CallbackParser, data: st.DataObject) -> None:
    assert isinstance(parser.receive(data.draw(bodies(parser))), Accepted)


@PARSERS
@given(data=st.data())
def test_invalid_bodies_are_quarantined(parser: CallbackParser, data: st.DataObject) -> None:
    assert isinstance(parser.receive(data.draw(invalid_bodies(parser))), Quarantined)


@PARSERS
@given(data=st.data())
def test_rejected_bodies_are_rejected(parser: CallbackParser, data: st.DataObject) -> None:
    assert isinstance(parser.receive(data.draw(rejected_bodies(parser))), Rejected)


@PARSERS
@given(data=st.data())
def test_histories_are_of_one_payout_whatever_their_order(
    parser: CallbackParser, data: st.DataObject
) -> None:
    callbacks = [parser.parse(body) for body in data.draw(histories(parser))]
    history = PayoutHistory(callbacks)
    assert PayoutHistory(data.draw(st.permutations(callbacks))).events == history.events
    assert 1 <= len(history.events) <= 6


@pytest.mark.parametrize(
    "found",
    [
        lambda callbacks: len(callbacks) > len({callback.digest for callback in callbacks}),
        lambda callbacks: callbacks != sorted(callbacks, key=lambda callback: callback.deal_time),
        lambda callbacks: (
            len({callback.deal_time for callback in callbacks})
            < len({callback.digest for callback in callbacks})
        ),
        lambda callbacks: len({callback.pay_type for callback in callbacks}) > 2,
    ],
    ids=["a redelivery", "another order", "a shared time", "three statuses"],
)
def test_histories_have(found: Callable[[list[PayoutCallback]], bool]) -> None:
    find(histories(), lambda bodies: found([PLAIN.parse(body) for body in bodies]), settings=UNSHRUNK)


def test_rejected_bodies_have_those_that_are_cut_short() -> None:
    find(rejected_bodies(), lambda body: body[:1] == b"{" and body[-1:] != b"}", settings=UNSHRUNK)


@given(payloads(), invalid_payloads())
def test_parser_of_the_sample_is_the_default(valid: dict[str, object], invalid: dict[str, object]) -> None:
    for fields in (valid, invalid):
        assert (fields["userName"], fields["authentication"]) == (
            PLAIN.credentials[0].user_name,
            *PLAIN.credentials[0].authentication,
        )


@pytest.mark.parametrize("text", ["SK99123456789", "SKY99000000001", "zzzzz0123456789"])
def test_control_number_is_no_wrong_value_for_one(text: str) -> None:
    assert not strategies._no_control_number(text)
    for wrong in (f"{text}\n", f" {text}", text[:-6], f"{text}000", "SKY**12345678", 1, None, [text]):
        assert strategies._no_control_number(wrong)
