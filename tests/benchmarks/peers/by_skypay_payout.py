"""With this library."""

from __future__ import annotations

from skypay_payout import CallbackParser, Credentials

from . import AUTHENTICATION, USER_NAME

parse = CallbackParser(Credentials(USER_NAME, AUTHENTICATION)).parse
