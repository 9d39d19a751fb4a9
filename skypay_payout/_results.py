"""The results of receiving a body, and the response to each: the decision as data."""

from datetime import datetime
from typing import NoReturn, TypeAlias

from attrs import field, frozen

from ._acknowledgement import acknowledge
from ._callback import PayoutCallback
from ._errors import AuthenticationError, CallbackError, ErrorCode, InvalidCallbackError
from .encryption import Key

_CONTENT_TYPE = "text/plain"


@frozen
class Response:
    """An HTTP response, for any web framework."""

    status: int
    """The HTTP status."""
    body: bytes
    """The body, to be sent unchanged."""
    content_type: str
    """The value of the header Content-Type: ``text/plain``, as SkyPay sends it."""


class _Result:
    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        hint = "it may hold a key: respond where the body was received, and queue callback.to_dict()"
        raise TypeError(f"a {type(self).__name__} cannot be pickled or copied, since {hint}")


@frozen(slots=False)  # with slots, making one takes almost twice as long
class _Authenticated(_Result):
    used_newest_key: bool = field(default=True, kw_only=True)
    """Whether the newest key decrypted the body; True without a cipher."""
    used_newest_secret: bool = field(default=True, kw_only=True)
    """Whether the body carried the newest secret of its account."""
    _key: Key | None = field(default=None, kw_only=True, alias="key", repr=False, eq=False)

    def respond(self, at: datetime | None = None) -> Response:
        """Build the response: 200 and the acknowledgement for ``at``, an aware time (default: now).

        It is encrypted with the key that decrypted the callback. Call it when the result has been stored.
        Raises ``TypeError`` or ``ValueError`` unless ``at`` is aware.
        """
        body = acknowledge(at).to_json()
        return Response(200, body if self._key is None else self._key.encrypt(body), _CONTENT_TYPE)


@frozen(slots=False)
class Accepted(_Authenticated):
    """A valid callback. Store it, then respond."""

    callback: PayoutCallback
    """The event."""


@frozen(slots=False)
class Quarantined(_Authenticated):
    """An authenticated but invalid callback. Store its payload for a person, then respond."""

    error: InvalidCallbackError
    """The invalid fields: store ``error.payload`` and ``error.errors`` under ``error.digest``."""


@frozen
class Rejected(_Result):
    """A body that is not acknowledged. Store nothing, then respond."""

    error: CallbackError
    """The reason: safe to log."""

    def respond(self, at: datetime | None = None) -> Response:  # noqa: ARG002  all results are alike
        """Build the response, with an empty body: 403 if not authenticated, 413 if too large, else 400."""
        status = 413 if self.error.code is ErrorCode.TOO_LARGE else 400
        if isinstance(self.error, AuthenticationError):  # 401 would need a challenge
            status = 403
        return Response(status, b"", _CONTENT_TYPE)


Result: TypeAlias = Accepted | Quarantined | Rejected
"""The three results of ``CallbackParser.receive``."""
