"""The public names: which there are, and that nothing but documented errors leaves them."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

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
    acknowledge,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import CREDENTIALS, SAMPLE, payload
from tests.support.callbacks import PARSER

PUBLIC_MODULES = {"conformance", "encryption", "schema", "testing"}


def test_every_public_name_is_exported_and_documented() -> None:
    assert sorted(skypay_payout.__all__) == sorted(set(skypay_payout.__all__))
    for name in skypay_payout.__all__:
        value = getattr(skypay_payout, name)
        assert isinstance(value, int) or value.__doc__, name
        assert isinstance(value, int) or value.__module__.startswith("skypay_payout."), name


def test_modules_that_are_not_public_begin_with_an_underscore() -> None:
    modules = {one.name for one in pkgutil.iter_modules(skypay_payout.__path__)}
    assert {name for name in modules if not name.startswith("_")} == PUBLIC_MODULES
    assert importlib.import_module("skypay_payout.encryption").__all__ == ["BodyCipher"]


def test_importing_the_core_loads_nothing_that_is_an_extra() -> None:
    program = (
        "import sys, skypay_payout\n"
        "from skypay_payout import CallbackParser, Credentials\n"
        "parser = CallbackParser(Credentials('AppName@skypay', '30AC21B2-9EAA-4503-B0F0-7BE5C277ED75'))\n"
        f"assert parser.receive({SAMPLE!r}).respond().status == 200\n"
        "extras = 'cryptography', 'httpx', 'tqdm', 'hypothesis', 'pytest', 'skypay_payout.testing'\n"
        "print([name for name in extras if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "[]\n"


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


@pytest.mark.unmeasured
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
