"""Wrong endpoints: authentication, and what a rejection leaves behind."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from skypay_payout.testing import AUTHENTICATION
from tests.conformance.served import OLDER_SECRET, Answer, Endpoint, Fields
from tests.conformance.wrong.registry import STATUSES, crash, known, reject, status_of, wrong
from tests.conformance.wrong.states import VALID

# Authentication


def authenticating(name: str, cases: str, right: Callable[[Any], object]) -> None:
    """One that looks at the secret in another way."""
    wrong(name, cases, right_secret=lambda self, secret: bool(right(secret)))


def comparing(name: str, right: Callable[[str], object]) -> None:
    """One that takes a text that is nearly the secret."""
    authenticating(name, "secret-near", lambda secret: isinstance(secret, str) and right(secret))


def equal(name: str, form: Callable[[str], object]) -> None:
    """One that takes a text for the secret if both have the same form."""
    comparing(name, lambda s: form(s) in map(form, BOTH))


SETTING = f"{OLDER_SECRET},{AUTHENTICATION}"
BOTH = (OLDER_SECRET, AUTHENTICATION)
authenticating("looks at no secret", "secret-wrong secret-near secret-type", lambda s: True)
authenticating(
    "looks at the length", "secret-wrong", lambda s: isinstance(s, str) and len(s) in map(len, BOTH)
)
authenticating("skips a missing secret", "secret-wrong", lambda s: s is None or s in BOTH)
authenticating("skips an empty secret", "secret-wrong", lambda s: not s or s in BOTH)
comparing("looks for the secret in the setting", lambda s: s in SETTING)
comparing("takes the whole setting", lambda s: s in (*BOTH, SETTING))
comparing("takes the text null", lambda s: s in (*BOTH, "null"))
comparing("looks at the beginning of the secret", lambda s: s and any(one.startswith(s) for one in BOTH))
comparing("looks at the beginning of what comes", lambda s: s.startswith(BOTH))
comparing("looks for the secret in what comes", lambda s: any(one in s for one in BOTH))
comparing("strips the secret", lambda s: s.strip() in BOTH)
comparing("strips quotes", lambda s: s.strip('"') in BOTH)
comparing("ends at U+0000", lambda s: s.partition("\0")[0] in BOTH)
comparing("takes what comes for a pattern", lambda s: any(fnmatchcase(one, s) for one in BOTH))
comparing(
    "takes what comes for a regular expression",
    lambda s: any(re.fullmatch(re.escape(s).replace(r"\.\*", ".*"), one) for one in BOTH),
)
comparing("asks SQL with LIKE", lambda s: s == "%" or s in BOTH)
comparing("asks SQL with quotes", lambda s: s in BOTH or s.startswith("' OR"))
equal("looks at 8 characters", lambda s: s[:8])
equal("looks at the characters in any order", sorted)
equal("skips hyphens", lambda s: s.replace("-", ""))
equal("looks at no case", str.lower)
equal("normalises the secret", lambda s: unicodedata.normalize("NFKC", s))
equal(
    "compares as a database does that knows no accents",
    lambda s: unicodedata.normalize("NFD", s).encode("ascii", "ignore"),
)
for name, right in {
    "compares loosely": lambda s: s is True or s == 0 or s in BOTH,
    "takes a secret in an array": lambda s: (
        s in BOTH or (isinstance(s, list) and any(one in BOTH for one in s))
    ),
    "takes a query": lambda s: s in BOTH or (isinstance(s, dict) and "$ne" in s),
    "looks at the values of an object": lambda s: (
        s in BOTH or (isinstance(s, dict) and s.get("value") in BOTH)
    ),
    "crashes on a secret that is not a text": lambda s: s.encode() in [one.encode() for one in BOTH],
}.items():
    authenticating(name, "secret-type", right)


def account(name: str, cases: str, right: Callable[[Any], object]) -> None:
    """One that looks at the account in another way."""
    wrong(
        name,
        cases,
        authenticated=lambda self, f: (
            bool(right(f.get("userName"))) and self.right_secret(f.get("authentication"))
        ),
    )


NAME = Endpoint.user_name
account("looks at no account", "account-wrong account-near account-type", lambda n: True)
account("skips a missing account", "account-wrong", lambda n: n is None or n == NAME)
account("skips an empty account", "account-wrong", lambda n: n in ("", NAME))
account("looks at what follows @", "account-wrong", lambda n: str(n).endswith("@skypay"))
account("looks at what precedes @", "account-near", lambda n: str(n).partition("@")[0] == "AppName")
account("looks at no case of the account", "account-near", lambda n: str(n).lower() == NAME.lower())
account("strips the account", "account-near", lambda n: str(n).strip() == NAME)
account("looks at the beginning of the account", "account-near", lambda n: n and NAME.startswith(str(n)))
account("looks for the account in what comes", "account-near", lambda n: NAME in str(n))
account("takes an account in an array", "account-type", lambda n: n in (NAME, [NAME]))
account("compares accounts loosely", "account-type", lambda n: n is True or n == NAME)
wrong(
    "takes either account or secret",
    "account-wrong secret-wrong",
    authenticated=lambda self, f: f.get("userName") == NAME or self.right_secret(f.get("authentication")),
)
for number, named in enumerate(STATUSES, 1):
    wrong(
        f"looks at the secret of {named} only",
        "secret-wrong account-wrong",
        authenticated=lambda self, f, n=str(number): status_of(f) != n or Endpoint.authenticated(self, f),
    )
    wrong(
        f"looks at no secret of {named}",
        "secret-wrong account-wrong",
        authenticated=lambda self, f, n=str(number): status_of(f) == n or Endpoint.authenticated(self, f),
    )
wrong(
    "looks at no secret of a status to come",
    "secret-wrong",
    authenticated=lambda self, f: status_of(f) == "7" or Endpoint.authenticated(self, f),
)
wrong(
    "acknowledges what is invalid before it looks at the secret",
    "authenticated-first",
    authenticated=lambda self, f: (
        not all(valid(f) for valid in VALID.values()) or Endpoint.authenticated(self, f)
    ),
)
wrong(
    "acknowledges what has no control number first",
    "authenticated-first",
    authenticated=lambda self, f: not f.get("controlNumber") or Endpoint.authenticated(self, f),
)
wrong(
    "crashes on an empty object",
    "authenticated-first",
    authenticated=lambda self, f: f["payType"] and Endpoint.authenticated(self, f),
)
wrong(
    "validates first",
    "authenticated-first",
    authenticated=lambda self, f: crash() if f.get("payType") == 0 else Endpoint.authenticated(self, f),
)


def event(fields: Fields) -> tuple[object, ...]:
    return known(fields), status_of(fields), fields.get("dealTime")


class Seen(Endpoint):
    """Acknowledges what it has before it looks at the secret."""

    def authenticated(self, fields: Fields) -> bool:
        right = super().authenticated(fields)
        if right:
            self.stored[event(fields)] = fields
        return right or event(fields) in self.stored


class Forged(Endpoint):
    """Takes a forged callback for seen."""

    def __init__(self) -> None:
        super().__init__()
        self.forged: set[object] = set()

    def authenticated(self, fields: Fields) -> bool:
        right = super().authenticated(fields)
        if not right:
            self.forged.add(event(fields))
        return right and event(fields) not in self.forged


wrong("acknowledges what it has without a secret", "forged-redelivery", Seen)
wrong("takes a forged callback for the first delivery", "good-after-forgery", Forged)


class Locked(Endpoint):
    """Locks itself after some rejections."""

    most = 5

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def reject(self, status: int) -> Answer | None:
        self.count += 1
        return super().reject(status)

    def authenticated(self, fields: Fields) -> bool:
        return super().authenticated(fields) and self.count < self.most


class Stuck(Endpoint):
    """Rejects what follows a rejection."""

    after = (400,)
    stuck = False

    def reject(self, status: int) -> Answer | None:
        self.stuck = status in self.after
        return super().reject(status)

    def store(self, fields: Fields) -> None:
        if self.stuck:
            self.stuck = False
            reject(503)


wrong("locks the account after 5 rejections", "good-after-rejection", Locked)
wrong("locks the account after 10 rejections", "good-after-rejection", Locked, most=10)
wrong("is stuck after what is malformed", "good-after-rejection", Stuck)
wrong("is stuck after a wrong secret", "good-after-rejection", Stuck, after=(403,))
wrong("is stuck after what is too large", "good-after-rejection", Stuck, after=(413,))
