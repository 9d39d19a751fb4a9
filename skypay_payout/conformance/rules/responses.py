"""The responses of the whole run: what every acknowledgement has to be, and no response may show."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from attrs import evolve

from ...testing._reading import Reading
from .._outcome import Consequence, Stop
from .._rule import Delivery, Problems, Seen, observer
from .._run import Run
from ._reasons import ANY_STATUS, ENCRYPTION, LOST, RESPONSE, SECRET, STATE

PLAIN = "no key: these bodies were plain JSON"
HOST = ". A framework may respond 400 to an unknown Host: in Django, add the host of the URL to ALLOWED_HOSTS"
TABLE = "The specification's table says int, its sample shows a string: follow the sample."
_SHOWN = 5  # examples that are kept; the others say the same


@observer("any-acknowledged", ANY_STATUS, "If everything is rejected, a rejection proves nothing.")
def _any_acknowledged(run: Run) -> Problems:
    """At least one callback is acknowledged."""
    first = run.seen[0]
    if run.acknowledged or first.reading is None:
        return
    if all(seen.response.status == 429 for seen in run.seen):
        raise Stop("got status 429 for each callback, a rate limit: try a pause between deliveries")
    message = f"nothing was acknowledged: {first.reading.failure}. {_advice(run)}"
    yield run.verifier.about(first, message, Consequence.LOST)


def _advice(run: Run) -> str:
    bodies, others = run.bodies, dict[str, Delivery]()
    for number, secret in enumerate(bodies.secrets[:-1], 1):
        others[f"Secret {number} of {len(bodies.secrets)}"] = bodies.good(authentication=secret)
    for key in range(len(bodies.keys) - 1):
        others[f"Key {key + 1} of {len(bodies.keys)}"] = bodies.sent("", bodies.fields(), key=key)
    for what, delivery in others.items():
        if run.exchanged(run.seen[0].rule, [delivery])[0].acknowledged:
            return f"{what} is acknowledged: the newest is missing"
    account = f"that the endpoint knows the account {bodies.account.user_name!r} and the same secret"
    key_is = "the same key, of which AES takes the first 16 bytes of SHA-1 of SHA-1 of its UTF-8 bytes"
    advice = f"Check the path of the URL; {account}; and that it uses {key_is if bodies.keys else PLAIN}"
    return advice + HOST * all(seen.response.status == 400 for seen in run.seen)


@observer("alive", STATE, "While nothing listens, every callback is lost.")
def _alive(run: Run) -> Problems:
    """The endpoint is still there after every callback."""
    if run.gone:
        yield evolve(run.verifier.about(run.last, run.gone, Consequence.GONE), what="")


@observer("acknowledgement-form", RESPONSE, f"SkyPay may not read it as responseCode 1000. {LOST}")
def _form(run: Run) -> Problems:
    """Each acknowledgement is one JSON object with the three fields and nothing else."""
    return _examples(run, lambda reading: reading.form, Consequence.FORM)


@observer("acknowledgement-key", ENCRYPTION, f"SkyPay cannot decrypt it. {LOST}")
def _key(run: Run) -> Problems:
    """Each acknowledgement is encrypted with the key of its callback."""
    return _examples(run, lambda reading: [reading.key] * bool(reading.key), Consequence.LOST)


@observer("response-code", RESPONSE, TABLE)
def _code(run: Run) -> Problems:
    """Each responseCode is the string of the sample."""
    number = "responseCode: expected '1000' as in the sample, got the number 1000"
    return _examples(run, lambda reading: [number] * reading.code_is_number, Consequence.FORM, warning=True)


def _examples(
    run: Run, wrong: Callable[[Reading], Iterable[str]], costs: Consequence, *, warning: bool = False
) -> Problems:
    """Yield one example of everything that is wrong with acknowledgements."""
    examples = defaultdict[str, list[Seen]](list)
    for seen in run.seen:
        for message in wrong(seen.reading) if seen.reading and seen.acknowledged else ():
            examples[message].append(seen)
    for message, (first, *others) in list(examples.items())[:_SHOWN]:
        more = f" (in {len(others) + 1} acknowledgements)" if others else ""
        yield evolve(run.verifier.about(first, message + more, costs), warning=warning)


@observer("leaks", SECRET, "Whoever reads responses, logs of a proxy included, can report a payout as paid.")
def _leaks(run: Run) -> Problems:
    """No response repeats a secret or a key, or a part of one, as it is, encoded or derived."""
    for seen in run.seen:
        if where := run.verifier.leak(seen.response.headers, seen.response.body, seen.delivery.near):
            message = f"{where} of the response repeats the authentication secret or a key"
            yield run.verifier.about(seen, message, Consequence.LEAKED)
