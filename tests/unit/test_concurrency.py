"""One parser, shared by threads, tasks and processes, decides as it does alone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from threading import Barrier
from typing import TypeAlias

import pytest
from attrs import evolve

from skypay_payout import CallbackParser, Credentials, Rejected
from skypay_payout.testing import SAMPLE, body
from tests.support.callbacks import NEW, OLD, PARSER, ROTATING, UTC8

THREADS = 16
AT = datetime(2018, 8, 7, 12, tzinfo=UTC8)

ACCOUNTS = [
    Credentials("AppName@skypay", ["old-secret", "new-secret"], prefixes="SK991"),
    Credentials("Other@skypay", "other"),
]
KEYS = [OLD, NEW]
PLAIN, ENCRYPTED = evolve(PARSER, credentials=ACCOUNTS), evolve(ROTATING, credentials=ACCOUNTS)

Result: TypeAlias = "tuple[str, str, bool | None, bytes]"


def bodies() -> list[bytes]:
    """Valid ones and others of every kind, each different from every other."""
    texts: list[bytes] = [SAMPLE, b"", b"[]", b"\xff", b'{"a":1,"a":1}', b"[" * 5000, b"x" * 70000]
    for number in range(20):
        texts += [
            body(number % 6 + 1, authentication="new-secret", controlNumber=f"SK991{number:08}"),
            body(number % 6 + 1, authentication="old-secret", dealTime=f"2018-08-07T11:58:{number:02}.5Z"),
            body(number % 6 + 1, userName="Other@skypay", authentication="other", unknown=[number, "other"]),
            body(number + 7, authentication="new-secret", controlNumber=f"SKY**{number}", dealTime=number),
            body(authentication=f"wrong-{number}"),
        ]
    return texts


BODIES = {
    "plain": (PLAIN, bodies()),
    "encrypted": (
        ENCRYPTED,
        [KEYS[at % 2].encrypt(text) for at, text in enumerate(bodies())] + bodies()[:20],
    ),
}


def received(parser: CallbackParser, data: bytes) -> Result:
    result = parser.receive(data)
    newest = None if isinstance(result, Rejected) else result.used_newest_key
    return type(result).__name__, repr(result), newest, result.respond(AT).body


def all_received(parser: CallbackParser, data: list[bytes]) -> list[Result]:
    return [received(parser, one) for one in data]


@pytest.fixture(params=BODIES)
def shared(request: pytest.FixtureRequest) -> tuple[CallbackParser, list[bytes], list[Result]]:
    parser, data = BODIES[request.param]
    expected = all_received(parser, data)
    assert {name for name, *_ in expected} == {"Accepted", "Quarantined", "Rejected"}
    assert {newest for _, _, newest, _ in expected} >= {None, True}
    if request.param == "encrypted":
        assert {newest for _, _, newest, _ in expected} == {None, True, False}
    return parser, data, expected


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("impatient_threads")
def test_16_threads_share_a_parser(shared: tuple[CallbackParser, list[bytes], list[Result]]) -> None:
    parser, data, expected = shared
    start = Barrier(THREADS)

    def work(number: int) -> list[Result]:
        start.wait()
        turned = data[number:] + data[:number]
        results = all_received(parser, turned)
        return results[len(data) - number :] + results[: len(data) - number]

    with ThreadPoolExecutor(THREADS) as pool:
        for results in pool.map(work, range(THREADS)):
            assert results == expected


def test_tasks_share_a_parser(shared: tuple[CallbackParser, list[bytes], list[Result]]) -> None:
    parser, data, expected = shared

    async def handle(one: bytes) -> list[Result]:
        here = received(parser, one)
        await asyncio.sleep(0)
        return [here, await asyncio.to_thread(received, parser, one)]

    async def serve() -> list[list[Result]]:
        return await asyncio.gather(*(handle(one) for one in data))

    assert asyncio.run(serve()) == [[one, one] for one in expected]


@pytest.mark.heavy
@pytest.mark.parametrize("shared", ["encrypted"], indirect=True)
def test_spawned_processes_share_a_parser(shared: tuple[CallbackParser, list[bytes], list[Result]]) -> None:
    parser, data, expected = shared
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        halves = pool.map(all_received, [parser] * 2, [data[::2], data[1::2]])
        assert list(halves) == [expected[::2], expected[1::2]]


@pytest.mark.usefixtures("impatient_threads")
def test_responses_are_encrypted_with_the_key_of_their_own_callback() -> None:
    sent = body(authentication="other", userName="Other@skypay")
    results = [ENCRYPTED.receive(key.encrypt(sent)) for key in KEYS]
    start = Barrier(THREADS)

    def work(number: int) -> bool:
        start.wait()
        key = KEYS[number % 2]
        responses = [key.decrypt(results[number % 2].respond().body) for _ in range(50)]
        assert all(key.decrypt(key.encrypt(response)) == response for response in responses)
        return all(b'"responseCode":"1000"' in response for response in responses)

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(work, range(THREADS)))
