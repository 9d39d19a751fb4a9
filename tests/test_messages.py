"""Every message, word for word: what is wrong, what was expected, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs import evolve

from skypay_payout import (
    AuthenticationError,
    CallbackError,
    CallbackParser,
    ControlNumber,
    Credentials,
    DecryptionError,
    InvalidCallbackError,
    MalformedBodyError,
    acknowledge,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout._errors import WrongValue
from skypay_payout.testing import CREDENTIALS, ENCRYPTION_KEY, body, payload

CIPHER = BodyCipher(ENCRYPTION_KEY)
plain = CallbackParser(CREDENTIALS, prefixes=["SK991", "SKY99"])
sealed = CallbackParser(CREDENTIALS, cipher=CIPHER, max_body_size=700)


def message_only(value: object) -> str:
    return value[:30] if isinstance(value, str) and value.isascii() else ""


STRING = "expected a string"
CONTROL_NUMBER = (
    "is not a control number; expected 5 ASCII letters or digits and then 8 to 10 digits, "
    "with nothing before or after them"
)
ACTION = "arrived; expected 'payoutQueuePayout': is it another of SkyPay's callbacks?"
STATUS = "is no known status; expected 1 to 6: is there a newer specification?"
TIME = (
    "is not a time; expected yyyy-MM-dd HH:mm:ss (UTC+8), or the same with a T, "
    "fractional seconds or an ISO 8601 offset"
)
HALF = "holds half of a surrogate pair; expected whole characters"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("action", 1, f"1 arrived; {STRING}"),
        ("action", "", f"'' {ACTION}"),
        ("action", "payout", f"'payout' {ACTION}"),
        ("action", "x" * 51, f"'{'x' * 40}'… (51 characters) {ACTION}"),
        ("controlNumber", None, f"null arrived; {STRING}"),
        ("controlNumber", "", "the control number is empty; expected one such as 'SK99123456789'"),
        (
            "controlNumber",
            "SKY**12345678",
            "'SKY**12345678' looks masked; ask the sender for the whole control number",
        ),
        ("controlNumber", "SK991", f"'SK991' {CONTROL_NUMBER}"),
        ("controlNumber", "SK99112345678901", f"'SK99112345678901' {CONTROL_NUMBER}"),
        (
            "controlNumber",
            "SK99212345678",
            "'SK99212345678' has the prefix 'SK992', which is not one of this partner's; expected one of the "
            "2 configured prefixes: is this callback another partner's?",
        ),
        ("payType", True, "true arrived; expected a number or a string from 1 to 6"),
        ("payType", "", f"'' {STATUS}"),
        ("payType", "7", f"'7' {STATUS}"),
        ("payType", 7, f"7 {STATUS}"),
        ("dealTime", 1533614313, f"1533614313 arrived; {STRING}"),
        ("dealTime", "", f"'' {TIME}"),
        ("dealTime", "Tuesday", f"'Tuesday' {TIME}"),
        (
            "dealTime",
            "2019-02-29 00:00:00",
            "'2019-02-29 00:00:00' is in no calendar; expected a time that exists",
        ),
        ("failDescription", {}, f"an object arrived; {STRING}"),
        ("failDescription", "\ud800", f"'\\ud800' {HALF}"),
        ("referenceNumber", [], f"an array arrived; {STRING}"),
        ("referenceNumber", "a\udfffb", f"'a\\udfffb' {HALF}"),
    ],
)
def test_a_wrong_member(name: str, value: object, message: str) -> None:
    with pytest.raises(InvalidCallbackError) as refused:
        plain.parse(body(**{name: value}))  # type: ignore[arg-type]
    assert [(error.field, error.message) for error in refused.value.errors] == [(name, message)]
    assert refused.value.args == (str(refused.value),) == (f"{name}: {message}",)


def test_all_missing_members() -> None:
    members = {name: payload()[name] for name in ("userName", "authentication")}
    with pytest.raises(InvalidCallbackError) as refused:
        plain.parse(members)
    assert str(refused.value) == (
        "action: is missing; expected in every callback; "
        "controlNumber: is missing; expected in every callback; "
        "payType: is missing; expected in every callback; "
        "dealTime: is missing; expected in every callback"
    )


@pytest.mark.parametrize(
    ("parser", "sent", "error", "message"),
    [
        (
            plain,
            b"x" * 65537,
            MalformedBodyError,
            "the body has 65537 bytes; expected at most 65536 (max_body_size)",
        ),
        (
            sealed,
            b"x" * 701,
            MalformedBodyError,
            "the body has 701 bytes; expected at most 700 (max_body_size)",
        ),
        (plain, b'{"\xff', MalformedBodyError, "not UTF-8 at byte 2; expected UTF-8 text"),
        (plain, '{"\ud800', MalformedBodyError, "half of a surrogate pair at character 2; expected text"),
        (
            plain,
            b'{"a":NaN}',
            MalformedBodyError,
            "not JSON: NaN, Infinity or a number that is out of range; expected the body as SkyPay sent it",
        ),
        (
            plain,
            b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
            MalformedBodyError,
            "not JSON: nested more than 64 deep; expected the body as SkyPay sent it",
        ),
        (
            plain,
            b"[]",
            MalformedBodyError,
            "the body is JSON but not an object; expected one object in braces",
        ),
        (
            plain,
            b'{"a":1,"a":1}',
            MalformedBodyError,
            "an object holds a member twice; expected each member once",
        ),
        (plain, {"a": object()}, MalformedBodyError, "the mapping holds something that is not JSON"),
        (
            plain,
            b"{}",
            AuthenticationError,
            "userName or authentication is missing or wrong: do not acknowledge; if SkyPay really sent this, "
            "compare the configured Credentials with SkyPay's account mail, and while a secret is being "
            "changed configure the old and the new one",
        ),
        (
            sealed,
            b"{}",
            DecryptionError,
            "the body cannot be opened with any configured key: pass SkyPay's Base64 text on unchanged, and "
            "while a key is being changed configure the old and the new one (plain JSON is never accepted "
            "where a cipher is set)",
        ),
        (plain, 5, TypeError, "a body is bytes, str or a mapping, not int; pass what was received"),
    ],
    ids=message_only,
)
def test_a_refused_body(parser: CallbackParser, sent: bytes, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$") as refused:
        parser.parse(sent)
    assert type(refused.value) is error


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "Expecting value at line 1, column 1"),
        (b"{", "Expecting property name enclosed in double quotes at line 1, column 2"),
        (b'{\n "a" 1}', "Expecting ':' delimiter at line 2, column 6"),
        (b'{"a":1} {}', "more behind its end at character 7"),
        (b'\n\n  {"a":1} {}', "more behind its end at character 11"),
        (b'\n\n  {"a"=1}', "Expecting ':' delimiter at line 3, column 7"),
    ],
)
def test_what_is_not_json_is_located(text: bytes, problem: str) -> None:
    with pytest.raises(MalformedBodyError) as refused:
        plain.parse(text)
    assert str(refused.value) == f"not JSON: {problem}; expected the body as SkyPay sent it"


def test_a_wrong_value_of_its_own_keeps_its_code_and_message() -> None:
    with pytest.raises(ValueError, match="looks masked") as refused:
        ControlNumber("SKY**12345678")
    assert isinstance(refused.value, WrongValue)
    assert refused.value.args == (refused.value.code, refused.value.message)
    assert repr(refused.value).startswith(
        "WrongValue(<ErrorCode.MASKED: 'masked'>, \"'SKY**12345678' looks masked"
    )


class OnlyOpens:
    def decrypt(self, data: bytes, /) -> bytes:
        return data


callback = sealed.parse(CIPHER.encrypt(body()))
opener = CallbackParser(CREDENTIALS, cipher=OnlyOpens())
LAST = datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (lambda: Credentials(1, "x"), TypeError, "user_name is a str, not int"),  # type: ignore[arg-type]
        (
            lambda: Credentials("", "x"),
            ValueError,
            "user_name has 1 to 50 characters, not 0; is its setting filled in?",
        ),
        (
            lambda: Credentials("x" * 51, "x"),
            ValueError,
            "user_name has 1 to 50 characters, not 51; is its setting filled in?",
        ),
        (
            lambda: Credentials("x", ""),
            ValueError,
            "authentication has 1 to 50 characters, not 0; is its setting filled in?",
        ),
        (
            lambda: Credentials("x", ["x", "x" * 51]),
            ValueError,
            "authentication has 1 to 50 characters, not 51; is its setting filled in?",
        ),
        (lambda: Credentials("x", []), ValueError, "authentication is empty; give one str or several"),
        (
            lambda: Credentials("x", 1),  # type: ignore[arg-type]
            TypeError,
            "authentication is one str or several, not int",
        ),
        (
            lambda: Credentials("x", ["x", 1]),  # type: ignore[list-item]
            TypeError,
            "authentication is one str or several, not int",
        ),
        (
            lambda: Credentials("\ud800", "x"),
            ValueError,
            "user_name holds half of a surrogate pair, which no callback can match",
        ),
        (
            lambda: Credentials("x", "\ud800"),
            ValueError,
            "authentication holds half of a surrogate pair, which no callback can match",
        ),
        (lambda: CallbackParser([]), ValueError, "credentials is empty; give one Credentials or several"),
        (
            lambda: CallbackParser("x"),  # type: ignore[arg-type]
            TypeError,
            "credentials is one Credentials or several, not str",
        ),
        (
            lambda: CallbackParser(CREDENTIALS, prefixes=[]),
            ValueError,
            "prefixes is empty; give one str or several",
        ),
        (
            lambda: CallbackParser(CREDENTIALS, prefixes=["SKY99", "SK"]),
            ValueError,
            "'SK' is not a prefix; expected 5 ASCII letters or digits, such as 'SKY99'",
        ),
        (
            lambda: CallbackParser(CREDENTIALS, prefixes=[1]),  # type: ignore[list-item]
            TypeError,
            "prefixes is one str or several, not int",
        ),
        (
            lambda: CallbackParser(CREDENTIALS, cipher=[]),
            ValueError,
            "cipher is empty; give one Cipher or several",
        ),
        (
            lambda: CallbackParser(CREDENTIALS, cipher="key"),  # type: ignore[arg-type]
            TypeError,
            "cipher is one Cipher or several, not str",
        ),
        (
            lambda: CallbackParser(CREDENTIALS, max_body_size=0),
            ValueError,
            "max_body_size is a number of bytes from 1 upwards, not 0",
        ),
        (
            lambda: CallbackParser(CREDENTIALS, max_body_size=True),
            TypeError,
            "max_body_size is a number of bytes, not bool",
        ),
        (lambda: BodyCipher(""), ValueError, "a key is empty; is its setting filled in?"),
        (lambda: BodyCipher([]), ValueError, "key_or_keys is empty; give one str or several"),
        (
            lambda: BodyCipher(b"key"),  # type: ignore[arg-type]
            TypeError,
            "key_or_keys is one str or several, not int",
        ),
        (lambda: ControlNumber(1), TypeError, "a control number is a str, not int"),  # type: ignore[arg-type]
        (
            lambda: acknowledge(datetime(2018, 8, 7)),
            ValueError,
            "a naive datetime names no instant; give it a zone: datetime.now(timezone.utc)",
        ),
        (
            lambda: acknowledge("now"),  # type: ignore[arg-type]
            TypeError,
            "a time is an aware datetime, not str",
        ),
        (
            lambda: acknowledge(LAST),
            ValueError,
            "the time cannot be told in UTC+8; give one inside the calendar's years 1 to 9999",
        ),
        (
            lambda: plain.reply(AuthenticationError()),  # type: ignore[arg-type]
            TypeError,
            "only an authenticated callback is acknowledged, never a AuthenticationError",
        ),
        (
            lambda: opener.reply(opener.parse(body())),
            TypeError,
            "OnlyOpens has no encrypt method, so nothing can seal the reply",
        ),
        *(
            (
                lambda key_index=key_index: sealed.reply(evolve(callback, key_index=key_index)),
                ValueError,
                "another parser opened this callback; reply with the one that did",
            )
            for key_index in (-2, 0, 1)
        ),
    ],
    ids=message_only,
)
def test_wrong_use(use: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$") as refused:
        use()
    assert not isinstance(refused.value, CallbackError)


def test_the_smallest_limit_is_one_byte() -> None:
    parser = CallbackParser(CREDENTIALS, max_body_size=1)
    with pytest.raises(MalformedBodyError, match=r"^not JSON"):
        parser.parse(b"{")
    with pytest.raises(MalformedBodyError, match=r"^the body has 2 bytes; expected at most 1"):
        parser.parse(b"{}")


def test_an_argument_that_can_be_read_once_only_is_taken_whole() -> None:
    assert Credentials("x", iter(["old", "new"])).authentication == ("old", "new")
    assert len(CallbackParser(iter([CREDENTIALS, CREDENTIALS])).credentials) == 2
    assert (
        acknowledge(datetime(2018, 8, 7, tzinfo=UTC)).to_dict()["responseTime"] == "2018-08-07 08:00:00.0000"
    )
