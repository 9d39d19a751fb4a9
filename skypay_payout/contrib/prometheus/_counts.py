"""Numbers that only grow, added up over the processes that share a directory."""

from __future__ import annotations

import json
import logging
import os
from array import array
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from threading import Lock

_log = logging.getLogger(__name__)


class Counts:
    """Numbers by name: of this process, or of all that have the same PROMETHEUS_MULTIPROC_DIR.

    Each process writes to a file there that it has locked. When it ends, the next one goes on with that file,
    so there are never more files than processes at one time. If somebody clears the directory, each process
    begins a new file.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._header = json.dumps(list(self._places)).encode() + b"\n"
        self._lock = Lock()
        self._file: _File | None = None
        self._values = self._zeros()
        getattr(os, "register_at_fork", dict)(after_in_child=self._after_fork)  # not on Windows

    def _zeros(self) -> array[float]:
        return array("d", bytes(8 * len(self._places)))

    def _after_fork(self) -> None:
        """Begin at 0 in a child process; what was counted before is the parent's."""
        self._lock = Lock()
        self._values = self._zeros()
        if self._file is not None:
            self._file.close()
            self._file = None

    def add(self, amounts: Mapping[str, float]) -> None:
        """Add to several numbers. What goes wrong with the directory is logged: it must cost no callback."""
        directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        with self._lock:
            if self._file is not None and not self._file.exists():
                self._file.close()
                self._file = None
                self._values = self._zeros()
            for name, amount in amounts.items():
                self._values[self._places[name]] += amount
            if not directory:
                return
            try:
                if self._file is None:
                    self._file = self._take_file(Path(directory))
                os.pwrite(self._file.descriptor, self._header + self._values.tobytes(), 0)
            except (ImportError, OSError) as error:
                _log.error("metrics cannot be written to %s: %s", directory, error)

    def _take_file(self, directory: Path) -> _File:
        """Lock the first file that no process has, and add its numbers to those of this process."""
        from fcntl import LOCK_EX, LOCK_NB, flock  # not on Windows

        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        numbers = count()
        while True:
            file = _File(directory / f"skypay-{next(numbers)}.counts")
            try:
                flock(file.descriptor, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                file.close()
                continue
            before = _numbers(os.pread(file.descriptor, os.fstat(file.descriptor).st_size, 0))
            # Another version of the library may have counted something else.
            if file.exists() and before.keys() in ({}.keys(), self._places.keys()):
                for name, value in before.items():
                    self._values[self._places[name]] += value
                if not before:
                    os.ftruncate(file.descriptor, 0)
                return file
            file.close()

    def totals(self) -> dict[str, float]:
        """Return the sums over all processes, those that have ended included."""
        directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        with self._lock:
            unwritten = self._zeros() if self._file is not None else self._values
            totals = {name: unwritten[place] for name, place in self._places.items()}
        if not directory:
            return totals
        for path in Path(directory).glob("skypay-*.counts"):
            try:
                content = path.read_bytes()
            except FileNotFoundError:  # somebody clears the directory
                continue
            for name, value in _numbers(content).items():
                if name in totals:  # another version of the library may count something else
                    totals[name] += value
        return totals


def _numbers(content: bytes) -> dict[str, float]:
    """Return the numbers of a file: none while it is being made."""
    header, _, numbers = content.partition(b"\n")
    values = array("d")
    try:
        names = json.loads(header)
        values.frombytes(numbers)
        return dict(zip(names, values, strict=True))
    except ValueError:
        return {}


class _File:
    """An open file, which somebody may remove, or close together with all others of the process."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._opened = os.fstat(self.descriptor)

    def _is_open(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self.descriptor), self._opened)
        except OSError:
            return False

    def exists(self) -> bool:
        """Return whether it can still be read by its name."""
        return self._is_open() and os.fstat(self.descriptor).st_nlink > 0

    def close(self) -> None:
        if self._is_open():
            os.close(self.descriptor)
