"""How much of a whole request is this library: the FastAPI endpoint with its store, over the loopback."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from random import Random
from shutil import copy
from statistics import mean
from struct import iter_unpack
from tempfile import TemporaryDirectory
from time import process_time

from attrs import frozen

from skypay_payout import CallbackParser
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import CREDENTIALS, ENCRYPTION_KEY, payload

from ..support.servers import Server, copy_examples, take_plain_bodies
from .bodies import compact

_CONNECTIONS = 4
"""As many requests wait at a time, so that the server is busy."""
ENDPOINTS = ("plain", "encrypted")


@frozen
class _Endpoint:
    port: int
    cipher: BodyCipher | None
    times: Path

    def measure(self, numbers: range) -> dict[str, float]:
        """The mean seconds of CPU for a request, for the library in it, and for the library in a loop.

        Each number is a callback. Raises ``AssertionError`` if one is not acknowledged.
        """
        bodies = [compact(payload(controlNumber=f"SK991{number:08}")) for number in numbers]
        bodies = [self.cipher.encrypt(body) for body in bodies] if self.cipher else bodies
        before = self.times.stat().st_size
        with ExitStack() as stack:
            connections = [
                stack.enter_context(closing(HTTPConnection("127.0.0.1", self.port, timeout=60)))
                for _ in range(_CONNECTIONS)
            ]
            waiting: deque[HTTPConnection] = deque()
            for body in bodies:
                connection = connections.pop() if connections else self._acknowledged(waiting.popleft())
                connection.request("POST", "/callback", body)
                waiting.append(connection)
            for connection in waiting:
                self._acknowledged(connection)
        times = list(iter_unpack("2q", self.times.read_bytes()[before:]))
        assert len(times) == len(numbers), times
        parser = CallbackParser(CREDENTIALS, cipher=self.cipher)
        start = process_time()
        for body in bodies:
            parser.receive(body).respond()
        return {
            "request": (times[-1][1] - times[0][1]) / (len(times) - 1) / 1e9,
            "receive and respond": mean(took for took, _ in times) / 1e9,
            "both in a loop": (process_time() - start) / len(bodies),
        }

    def _acknowledged(self, connection: HTTPConnection) -> HTTPConnection:
        response = connection.getresponse()
        answer = response.read()
        assert response.status == 200, response.status
        assert b"1000" in (self.cipher.decrypt(answer) if self.cipher else answer)
        return connection


def request_times(rounds: int, requests: int) -> dict[str, dict[str, list[float]]]:
    """For each endpoint: what ``_Endpoint.measure`` gives, in each round."""
    times: dict[str, dict[str, list[float]]] = {f"request: {kind}": {} for kind in ENDPOINTS}
    numbers = count(step=requests)
    with ExitStack() as stack:
        endpoints = [
            (name, stack.enter_context(_served(kind))) for name, kind in zip(times, ENDPOINTS, strict=True)
        ]
        for number in range(rounds + 1):
            Random(number).shuffle(endpoints)  # noqa: S311
            for name, endpoint in endpoints:
                first = next(numbers)
                measured = endpoint.measure(range(first, first + requests))
                if number > 0:  # the first round warms up
                    for subject, seconds in measured.items():
                        times[name].setdefault(subject, []).append(seconds)
    return times


@contextmanager
def _served(encryption: str) -> Generator[_Endpoint]:
    with TemporaryDirectory() as name:
        directory = Path(name)
        times = directory / "times"
        times.touch()
        copy_examples(directory)
        copy(Path(__file__).with_name("measured_app.py"), directory)
        settings = {"BENCHMARK_TIMES": str(times), "DATABASE_URL": f"sqlite:///{directory}/payouts.sqlite3"}
        cipher = None
        if encryption == "encrypted":
            cipher = BodyCipher(ENCRYPTION_KEY)
            settings["SKYPAY_ENCRYPTION_KEY"] = ENCRYPTION_KEY
        else:
            take_plain_bodies(directory)
        with Server("uvicorn measured_app:app --port 8000", directory, settings) as server:
            yield _Endpoint(server.port, cipher, times)
