"""One parser, shared: by threads, by tasks and by processes, it gives what it gives alone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from threading import Barrier
from typing import TypeAlias

import pytest

from skypay_payout import CallbackError, CallbackParser, Credentials, InvalidCallbackError, PayoutCallback
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import SAMPLE, body

THREADS = 32

ACCOUNTS = [Credentials("AppName@skypay", ["old-secret", "new-secret"]), Credentials("Other@skypay", "other")]
CIPHER = BodyCipher(["old key", "new key"])
KEYS = [BodyCipher("old key"), BodyCipher("new key")]
PLAIN = CallbackParser(ACCOUNTS, prefixes=["SK991"])
SEALED = CallbackParser(ACCOUNTS, prefixes=["SK991"], cipher=CIPHER)

Outcome: TypeAlias = "tuple[str, str, int]"


def bodies() -> list[bytes]:
    """Good and bad ones of every kind, each different from every other."""
    plain: list[bytes] = [SAMPLE, b"", b"[]", b"\xff", b'{"a":1,"a":2}', b"[" * 5000, b"x" * 70000]
    for number in range(60):
        plain += [
            body(number % 6 + 1, authentication="new-secret", controlNumber=f"SK991{number:08}"),
            body(number % 6 + 1, authentication="old-secret", dealTime=f"2018-08-07T11:58:{number:02}.5Z"),
            body(number % 6 + 1, userName="Other@skypay", authentication="other", unknown=[number, "other"]),
            body(number + 7, authentication="new-secret", controlNumber=f"SKY**{number}", dealTime=number),
            body(authentication=f"wrong-{number}"),
        ]
    return plain


BODIES = {
    "plain": (PLAIN, bodies()),
    "sealed": (
        SEALED,
        [KEYS[at % 2].encrypt(text) for at, text in enumerate(bodies())] + bodies()[:20],
    ),
}


def outcome(parser: CallbackParser, data: bytes) -> Outcome:
    try:
        result: PayoutCallback | CallbackError = parser.parse(data)
    except CallbackError as error:
        result = error
    key_index = result.key_index if isinstance(result, PayoutCallback | InvalidCallbackError) else 0
    return (
        type(result).__name__,
        f"{result} {result!r} {vars(result) if hasattr(result, '__dict__') else ''}",
        key_index,
    )


def outcomes(parser: CallbackParser, data: list[bytes]) -> list[Outcome]:
    return [outcome(parser, one) for one in data]


@pytest.fixture(params=BODIES)
def shared(request: pytest.FixtureRequest) -> tuple[CallbackParser, list[bytes], list[Outcome]]:
    parser, data = BODIES[request.param]
    expected = outcomes(parser, data)
    assert {name for name, _, _ in expected} >= {
        "PayoutCallback",
        "InvalidCallbackError",
        "AuthenticationError",
        "MalformedBodyError",
    }
    if request.param == "sealed":
        assert {index for _, _, index in expected} == {-1, -2, 0}
    return parser, data, expected


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("impatient_threads")
def test_32_threads_share_a_parser(shared: tuple[CallbackParser, list[bytes], list[Outcome]]) -> None:
    parser, data, expected = shared
    start = Barrier(THREADS)

    def work(number: int) -> list[Outcome]:
        start.wait()
        turned = data[number:] + data[:number]
        results = outcomes(parser, turned)
        return results[len(data) - number :] + results[: len(data) - number]

    with ThreadPoolExecutor(THREADS) as pool:
        for results in pool.map(work, range(THREADS)):
            assert results == expected


def test_tasks_share_a_parser(shared: tuple[CallbackParser, list[bytes], list[Outcome]]) -> None:
    parser, data, expected = shared

    async def handle(one: bytes) -> list[Outcome]:
        here = outcome(parser, one)
        await asyncio.sleep(0)
        return [here, await asyncio.to_thread(outcome, parser, one)]

    async def serve() -> list[list[Outcome]]:
        return await asyncio.gather(*(handle(one) for one in data))

    assert asyncio.run(serve()) == [[one, one] for one in expected]


def test_spawned_processes_share_a_parser(shared: tuple[CallbackParser, list[bytes], list[Outcome]]) -> None:
    parser, data, expected = shared
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        halves = pool.map(outcomes, [parser] * 2, [data[::2], data[1::2]])
        assert list(halves) == [expected[::2], expected[1::2]]


def test_errors_and_callbacks_come_back_from_a_spawned_process() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        good = body(authentication="other", userName="Other@skypay", unknown={"a": [1]})
        assert pool.submit(PLAIN.parse, good).result() == PLAIN.parse(good)
        for bad in (b"", body(authentication="wrong"), body(authentication="old-secret", payType=9)):
            with pytest.raises(CallbackError) as here:
                PLAIN.parse(bad)
            with pytest.raises(CallbackError) as there:
                pool.submit(PLAIN.parse, bad).result()
            assert (type(there.value), str(there.value), vars(there.value)) == (
                type(here.value),
                str(here.value),
                vars(here.value),
            )


@pytest.mark.usefixtures("impatient_threads")
def test_a_cipher_is_shared_by_threads() -> None:
    texts = [b"x" * size for size in range(300)]
    start = Barrier(THREADS)

    def work(_: int) -> list[bytes]:
        start.wait()
        return [KEYS[0].decrypt(KEYS[0].encrypt(text)) for text in texts]

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(work, range(THREADS))) == [texts] * THREADS


@pytest.mark.usefixtures("impatient_threads")
def test_replies_go_under_the_key_of_their_own_callback() -> None:
    callbacks = [
        SEALED.parse(KEYS[number % 2].encrypt(body(authentication="other", userName="Other@skypay")))
        for number in range(2)
    ]
    start = Barrier(THREADS)

    def work(number: int) -> bool:
        start.wait()
        key = KEYS[number % 2]
        replies = [key.decrypt(SEALED.reply(callbacks[number % 2])) for _ in range(50)]
        return all(b'"responseCode":"1000"' in reply for reply in replies)

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(work, range(THREADS)))
