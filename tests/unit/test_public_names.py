"""The public names: which there are, their types, and that nothing but documented errors leaves them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import pytest

import skypay_payout
from skypay_payout import (
    Acknowledgement,
    CallbackError,
    CallbackParser,
    ControlNumber,
    Credentials,
    PayoutCallback,
    PayoutHistory,
    Result,
    acknowledge,
    schema,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import CREDENTIALS, SAMPLE, payload
from tests.support.callbacks import PARSER

PUBLIC_MODULES = {"conformance", "contrib", "encryption", "schema", "testing"}
PUBLIC = [getattr(skypay_payout, name) for name in skypay_payout.__all__]
CLASSES = [one for one in [*PUBLIC, BodyCipher] if isinstance(one, type)]


def test_every_public_name_is_exported_and_documented() -> None:
    assert sorted(skypay_payout.__all__) == sorted(set(skypay_payout.__all__))
    for name, value in zip(skypay_payout.__all__, PUBLIC, strict=True):
        if not isinstance(value, int) and value is not Result:
            assert value.__doc__, name
            assert value.__module__.startswith("skypay_payout."), name


def test_modules_that_are_not_public_begin_with_an_underscore() -> None:
    modules = {one.name for one in pkgutil.iter_modules(skypay_payout.__path__)}
    assert {name for name in modules if not name.startswith("_")} <= PUBLIC_MODULES
    assert importlib.import_module("skypay_payout.encryption").__all__ == ["BodyCipher"]


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.__name__)
def test_type_hints_of_every_public_class_and_its_methods_can_be_asked_for(one: type) -> None:
    get_type_hints(one)
    for name, value in vars(one).items():
        function = getattr(value, "fget", None) or getattr(value, "__func__", value)
        if callable(function) and getattr(function, "__annotations__", None) and not name.startswith("__"):
            get_type_hints(function)
    get_type_hints(vars(one).get("__init__", one))


def test_type_hints_say_what_a_framework_wants_to_know() -> None:
    assert get_type_hints(CallbackParser)["cipher"] == BodyCipher | None
    assert get_type_hints(CallbackParser.receive)["return"] == Result
    assert get_type_hints(CallbackParser.from_environ)["return"] is CallbackParser
    assert get_type_hints(acknowledge)["return"] is Acknowledgement
    assert get_type_hints(schema.callback)["return"] == dict[str, object]
    assert len(get_args(Result)) == 3


@pytest.mark.parametrize("one", [BodyCipher, CallbackParser, Credentials, PayoutCallback])
def test_what_cannot_be_copied_as_a_subclass_is_final(one: Any) -> None:
    assert one.__final__ is True


class Unusual:
    """Every use of it raises an error of its own."""

    def _fail(self, *_: object, **__: object) -> Any:
        raise LookupError("used")

    __str__ = __len__ = __bool__ = __eq__ = __lt__ = __call__ = __index__ = _fail
    __hash__ = None  # type: ignore[assignment]


WRONG: list[Any] = [
    *[None, True, 0, -1, 1.5, float("nan"), 10**400],
    *["", "x", "x" * 100, "\ud800", "\0", b"", b"x", bytearray()],
    *[[], [1], [None], (), {}, {"x": 1}, {1: 2}, set(), object(), Unusual, Unusual(), iter(())],
    *[payload(), CREDENTIALS, PARSER],
]

CALLS: dict[str, Callable[[Any], object]] = {
    "Credentials(x)": lambda wrong: Credentials(wrong, "secret"),
    "Credentials(authentication=x)": lambda wrong: Credentials("name", wrong),
    "Credentials(prefixes=x)": lambda wrong: Credentials("name", "secret", prefixes=wrong),
    "CallbackParser(x)": CallbackParser,
    "CallbackParser(cipher=x)": lambda wrong: CallbackParser(CREDENTIALS, cipher=wrong),
    "CallbackParser(max_body_size=x)": lambda wrong: CallbackParser(CREDENTIALS, max_body_size=wrong),
    "parse(x)": PARSER.parse,
    "receive(x)": PARSER.receive,
    "revalidate(x)": PARSER.revalidate,
    "respond(x)": PARSER.receive(SAMPLE).respond,
    "PayoutCallback.from_dict(x)": PayoutCallback.from_dict,
    "ControlNumber(x)": ControlNumber,
    "acknowledge(x)": acknowledge,
    "Acknowledgement(x)": Acknowledgement,
    "BodyCipher(x)": BodyCipher,
    "BodyCipher.decrypt(x)": BodyCipher("key").decrypt,
    "PayoutHistory(x)": PayoutHistory,
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: type(wrong).__name__)
def test_a_wrong_argument_raises_only_type_error_value_error_or_callback_error(
    call: Callable[[Any], object], wrong: Any
) -> None:
    try:
        call(wrong)
    except (TypeError, ValueError) as error:
        is_public = isinstance(error, CallbackError) and type(error).__name__ in skypay_payout.__all__
        assert is_public or type(error) in (TypeError, ValueError)  # noqa: PT017
