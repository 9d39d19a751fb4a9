"""The option ``--save``: the exact bytes of each callback that failed, and a line for curl."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .terminal import UsageError, printable

if TYPE_CHECKING:
    from ..conformance import Problem, Result


@contextmanager
def directory(name: str | None) -> Generator[None]:
    """Make the directory, for its owner alone: plain bodies hold the secret."""
    if name is not None:
        try:
            Path(name).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot write {printable(name)}: {error.strerror}") from None
    yield


def write(name: str | None, url: str, results: Sequence[Result]) -> dict[Problem, str]:
    """Write the callbacks, and return the file of each problem."""
    files: dict[Problem, str] = {}
    if name is None:
        return files
    lines = list[str]()
    for result in results:
        for number, problem in enumerate(result.problems, 1):
            if problem.request is None:
                continue
            file = Path(name) / f"{result.id}-{number}.body"
            files[problem] = str(file)
            headers = [f"Content-Type: {problem.request.content_type}"]
            headers += ["Transfer-Encoding: chunked"] * problem.request.chunked
            body = quote(f"@{file.absolute()}")
            options = " ".join(f"-H {quote(header)}" for header in headers)
            lines += [
                f"# {printable(str(problem))}",
                f"curl -sS -i {options} --data-binary {body} {quote(without_password(url))}",
            ]
            _write(file, problem.request.body)
    if lines:
        _write(Path(name) / "curl.sh", ("\n".join(lines) + "\n").encode(errors="backslashreplace"))
    return files


def without_password(url: str) -> str:
    """Return the URL as a file may hold it: without user, password, query and fragment."""
    parts = urlsplit(url)
    return printable(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


def _write(file: Path, data: bytes) -> None:
    try:
        file.touch(0o600)
        file.write_bytes(data)
    except OSError as error:
        raise UsageError(f"cannot write {printable(str(file))}: {error.strerror}") from None
