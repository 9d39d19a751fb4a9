"""The usual form of a body: quick to read, and never understood in another way than the long way does."""

from __future__ import annotations

import json
from collections.abc import Callable
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skypay_payout import (
    CallbackError,
    CallbackParser,
    Credentials,
    InvalidCallbackError,
    PayoutCallback,
    PayType,
    parser,
    usual,
    wire,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, SAMPLE, USER_NAME, payload

QUOTED = "it's a secret"
"""A secret that ``repr`` shows in another way than most."""

PARSERS = (
    CallbackParser(Credentials(USER_NAME, AUTHENTICATION)),
    CallbackParser(Credentials(USER_NAME, [AUTHENTICATION, QUOTED]), prefixes=["SK991", "SKY99"]),
)
CIPHER = BodyCipher(["an old key", "a new key"])
SEALED = CallbackParser(Credentials(USER_NAME, AUTHENTICATION), cipher=CIPHER)


def compact(members: object) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def indented(members: object) -> str:
    return json.dumps(members, ensure_ascii=False, indent="\t").replace("\n", " \r\n")


WRITERS: dict[str, Callable[[object], str]] = {
    "without white space": compact,
    "with spaces": lambda members: json.dumps(members, ensure_ascii=False),
    "on several lines": indented,
    "with a comma at the end": lambda members: compact(members)[:-1] + ",}",
    "with a comma and a line break at the end": lambda members: indented(members)[:-4] + ",\r\n } ",
    "among white space": lambda members: f" \t\r\n{compact(members)}\n\r\t ",
}

USUAL: dict[str, dict[str, object]] = {
    **{f"status {status} as a string": payload(status) for status in PayType},
    **{f"status {status} as a number": payload(status, payType=int(status)) for status in PayType},
    "a reason and a reference": payload(PayType.FAILURE, referenceNumber="MLA001041380755361119"),
    "null for a reason and a reference": payload(failDescription=None, referenceNumber=None),
    "an empty reason": payload(PayType.FAILURE, failDescription=""),
    "an empty reference": payload(referenceNumber=""),
    "a reason outside the basic plane": payload(PayType.FAILURE, failDescription="余额不足 💸"),
    "a reason with what JSON needs no escape for": payload(PayType.FAILURE, failDescription="'/<>\x7f\u2028"),
    "a T in the time": payload(dealTime="2018-08-07T11:58:33"),
    "a short control number": payload(controlNumber="SK99112345678"),
    "a long control number": payload(controlNumber="SKY991234567890"),
}


def long_way(one: CallbackParser, body: bytes) -> PayoutCallback | CallbackError:
    """What is made of the body when nothing knows its usual form."""
    with patch.object(usual, "recognise", return_value=None):
        return outcome(one, body)


def outcome(one: CallbackParser, body: bytes) -> PayoutCallback | CallbackError:
    try:
        return one.parse(body)
    except CallbackError as error:
        return error


def told(one: PayoutCallback | CallbackError) -> object:
    if isinstance(one, PayoutCallback):
        values: list[object] = [*vars(one).values()]
        return values, [type(value) for value in values], one.deal_time.utcoffset()
    kept = one.__context__, one.__cause__, one.code
    if isinstance(one, InvalidCallbackError):
        return one.errors, [*one.payload.items()], one.key_index, *kept
    return type(one), str(one), *kept


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("members", USUAL.values(), ids=USUAL)
def test_the_usual_form_is_read_at_one_go(members: dict[str, object], write: Callable[[object], str]) -> None:
    members = {name: members[name] for name in wire_names() if name in members}
    body = write(members).encode()
    for one, sent in ((PARSERS[0], body), (PARSERS[1], body), (SEALED, CIPHER.encrypt(body))):
        expected = long_way(one, sent)
        assert isinstance(expected, PayoutCallback)
        with patch.object(parser, "read", side_effect=AssertionError):
            assert told(outcome(one, sent)) == told(expected)


def wire_names() -> list[str]:
    """The names of all members in the order of the specification's table."""
    names = [member.name for member in wire.MEMBERS]
    names.insert(names.index("action") + 1, "authentication")
    return names


def test_the_published_sample_has_the_usual_form() -> None:
    assert usual.recognise(SAMPLE.decode()) is not None


@pytest.mark.parametrize("name", [name for name in wire_names() if name not in payload()])
def test_every_member_that_may_be_missing_may_be_there(name: str) -> None:
    members = payload() | {name: "text"}
    assert usual.recognise(compact({name: members[name] for name in wire_names() if name in members}))


@pytest.mark.parametrize("name", payload())
def test_a_body_without_a_member_is_judged_by_the_long_way(name: str) -> None:
    members = payload()
    del members[name]
    body = compact(members).encode()
    assert told(outcome(PARSERS[0], body)) == told(long_way(PARSERS[0], body))


OTHER_FORMS = {
    "in another order": compact(dict(reversed(payload().items()))),
    "with an unknown member": compact(payload(channel="ML")),
    "with an escape": compact(payload()).replace("Queue", "\\u0051ueue"),
    "with a space before a colon": compact(payload()).replace(":", " :", 1),
    "with a space before a comma": compact(payload()).replace(",", " ,", 1),
    "with a byte order mark": "\ufeff" + compact(payload()),
    "with an offset in the time": compact(payload(dealTime="2018-08-07 03:58:33Z")),
    "with a fraction of a second": compact(payload(dealTime="2018-08-07 11:58:33.0")),
    "with much white space": " " * 65 + compact(payload()),
}


@pytest.mark.parametrize("body", OTHER_FORMS.values(), ids=OTHER_FORMS)
def test_another_form_says_the_same(body: str) -> None:
    assert usual.recognise(body) is None
    callback, expected = outcome(PARSERS[0], body.encode()), outcome(PARSERS[0], SAMPLE)
    assert isinstance(callback, PayoutCallback)
    assert isinstance(expected, PayoutCallback)
    assert callback.idempotency_key == expected.idempotency_key
    assert callback.reference_number == expected.reference_number


def test_white_space_of_a_wide_indent_is_usual_too() -> None:
    assert usual.recognise(compact(payload()).replace(",", "," + " " * 64)) is not None


def test_a_long_text_goes_the_long_way_which_is_quicker_for_it() -> None:
    for length, is_usual in ((500, True), (501, False)):
        body = compact(payload(PayType.FAILURE, failDescription="余" * length))
        assert (usual.recognise(body) is not None) is is_usual
        callback = PARSERS[0].parse(body)
        assert callback.fail_description == "余" * length


GOOD = compact(payload(PayType.FAILURE, failDescription="a reason"))
SPOILT = {
    "a control character in a text": GOOD.replace("a reason", "a\x1freason"),
    "a line break in a text": GOOD.replace("a reason", "a\nreason"),
    "a backslash in a text": GOOD.replace("a reason", "a\\qreason"),
    "a quote in a text": GOOD.replace("a reason", 'a"reason'),
    "a text without an end": GOOD.replace('reason"', "reason"),
    "a reason twice": GOOD[:-1] + ',"failDescription":"another reason"}',
    "a reference twice": compact(payload())[:-1] + ',"referenceNumber":"another"}',
    "two commas at the end": GOOD[:-1] + ",,}",
    "a comma at the beginning": "{," + GOOD[1:],
    "no reason behind its name": GOOD.replace('"a reason"', ""),
    "no reason behind its name, but a reference": GOOD.replace('"a reason"', ',"referenceNumber":"another"'),
    "nothing but a quote as the reason": GOOD.replace('"a reason"', '"  '),
    "a part of null": GOOD.replace('"a reason"', "nul"),
    "more than null": GOOD.replace('"a reason"', "nulll"),
    "a number as the reason": GOOD.replace('"a reason"', "0"),
    "two digits": GOOD.replace('"4"', "14"),
    "half a quoted digit": GOOD.replace('"4"', '"4'),
    "a digit of another script": GOOD.replace('"4"', '"４"'),
    "a vertical tab between members": GOOD.replace(",", ",\v"),
    "no space between members": GOOD.replace(",", ",\u00a0"),
    "another action": GOOD.replace("payoutQueuePayout", "payoutQueueRefund"),
    "a name in another case": GOOD.replace("payType", "paytype"),
    "no comma between members": GOOD.replace('",', '"', 1),
    "something behind the end": GOOD + "}",
    "something before the beginning": "{" + GOOD,
}


@pytest.mark.parametrize("body", SPOILT.values(), ids=SPOILT)
def test_what_only_looks_like_the_usual_form_is_refused_by_the_long_way(body: str) -> None:
    refusal = outcome(PARSERS[0], body.encode())
    assert isinstance(refusal, CallbackError)
    assert told(refusal) == told(long_way(PARSERS[0], body.encode()))


def quoted(text: str, ascii_only: bool) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)


def json_texts(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(quoted, texts, st.booleans())


CONCEALED = ["", AUTHENTICATION, f"a {QUOTED}", f'"{QUOTED}', f"{QUOTED}\x1b", "it\\'s a secret"]
TEXTS = json_texts(st.text(max_size=20) | st.sampled_from(CONCEALED))
NO_TEXTS = st.sampled_from(["null", "nul", "0", "true", "[]", '["a"]', "{}", "", "'a'"]) | st.sampled_from(
    ['"', '"a', 'a"', '"\t"', '"\x1f"', '"\\"', '"\\u"']
)
DIGITS = st.sampled_from([*"0123456789", *(f'"{digit}"' for digit in "0123456789")])
NO_DIGITS = st.sampled_from(
    ["true", "1.0", "１", "01", "1e0", "-1", "+1", "11", '"1', '1"']
) | st.sampled_from(['"01"', '" 1"', '"1 "', '"１"', '"11"', '""'])
DATES = ["2018-02-30", "0000-01-01", "0001-12-31", "0002-01-01", "9998-12-31", "9999-01-01", "２018-08-07"]
CLOCKS = ["23:59:59", "23:59:60", "24:00:00", "11:58:33Z", "11:58:33.5", "1:58:33", "11:58", "11:58:33\n"]
TIMES = [*(f"{date} 11:58:33" for date in DATES), *(f"2018-08-07 {clock}" for clock in CLOCKS)]

USUAL_VALUES = {
    "userName": st.just(f'"{USER_NAME}"'),
    "action": st.just('"payoutQueuePayout"'),
    "authentication": st.sampled_from([f'"{AUTHENTICATION}"', f'"{QUOTED}"']),
    "controlNumber": st.sampled_from(['"SK99123456789"', '"SKY991234567890"', '"SK10012345678"']),
    "payType": DIGITS,
    "dealTime": json_texts(st.just("2018-08-07 11:58:33") | st.sampled_from(TIMES)),
    "failDescription": TEXTS | st.just("null"),
    "referenceNumber": TEXTS | st.just("null"),
}
"""By name, what is written where a body has the usual form, or is near to it; not all of it is right."""
OTHER_VALUES = {
    "userName": st.sampled_from(['"appname@skypay"', '"\\u0041ppName@skypay"']),
    "action": st.sampled_from(['"payout"', '"payoutQueuePayout "', '"payout\\u0051ueuePayout"']),
    "authentication": st.sampled_from([f'"{AUTHENTICATION.lower()}"', f'"{AUTHENTICATION} "']),
    "controlNumber": json_texts(st.from_regex("SK[0-9Y]{1,4}[0-9]{6,11}\n?", fullmatch=True)),
    "payType": NO_DIGITS,
}
SPACES = st.sampled_from(["", " ", "\n\t", "\r\n  "])
OTHER_SPACES = st.sampled_from(["\v", "\f", "\u00a0", "\u2028", "\ufeff", "\x00", ",", "}", '"', "x"])


@st.composite
def nearly_usual(draw: st.DrawFn) -> str:
    """A text that has the usual form, or would have it but for a place or two."""
    names = [name for name in wire_names() if name in payload() or draw(st.booleans())]
    change = draw(st.sampled_from(["none"] * 8 + ["missing", "twice", "unknown", "moved"]))
    place = draw(st.integers(0, len(names) - 1))
    if change in ("missing", "moved"):
        names.append(names.pop(place))
    if change == "missing":
        names.pop()
    elif change in ("twice", "unknown"):
        names.insert(place, draw(st.sampled_from(names)) if change == "twice" else "channel")
    parts = [draw(SPACES), "{"]
    for name in names:
        value = draw(USUAL_VALUES.get(name, TEXTS))
        parts += [draw(SPACES), f'"{name}"', "", ":", draw(SPACES), value, "", ","]
    parts[-1] = draw(st.sampled_from(["", ","]))
    parts += [draw(SPACES), "}", draw(SPACES)]
    for place in draw(st.lists(st.integers(0, len(parts) - 1), max_size=2)):
        part = parts[place]
        if not part.strip():
            parts[place] = draw(SPACES | OTHER_SPACES)
        elif part in "{:,}":
            parts[place] = draw(st.sampled_from(["", part * 2, part + " ", ":", ",", ";"]))
        else:
            others = OTHER_VALUES.get(parts[place - 4].strip('"'), TEXTS)
            parts[place] = draw(others | TEXTS | NO_TEXTS)
    return "".join(parts)


@settings(max_examples=500)
@given(nearly_usual())
@example(compact(payload(PayType.FAILURE, failDescription=AUTHENTICATION)))
@example(compact(payload(PayType.FAILURE, failDescription=QUOTED)))
@example(compact(payload(referenceNumber=AUTHENTICATION)))
@example(compact(payload(controlNumber="SK00123456789")))
@example(compact(payload(dealTime="2018-02-30 11:58:33")))
@example(compact(payload(payType=7)))
@example(compact(payload(authentication="wrong")))
def test_the_usual_form_and_the_long_way_agree(text: str) -> None:
    body = text.encode()
    for one, sent in ((PARSERS[0], body), (PARSERS[1], body), (SEALED, CIPHER.encrypt(body))):
        assert told(outcome(one, sent)) == told(long_way(one, sent))


@given(nearly_usual(), st.data())
def test_they_agree_on_damaged_bytes_too(text: str, data: st.DataObject) -> None:
    body = bytearray(text.encode())
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] = data.draw(st.integers(0, 255))
    for one in PARSERS:
        assert told(outcome(one, bytes(body))) == told(long_way(one, bytes(body)))
