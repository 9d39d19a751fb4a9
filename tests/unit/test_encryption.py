"""``BodyCipher``: AES-128-ECB with PKCS#7 padding in Base64, one key or several during a rotation."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode, encodebytes, urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from skypay_payout import (
    Accepted,
    CallbackError,
    CallbackParser,
    DecryptionError,
    ErrorCode,
    MalformedBodyError,
    PayoutCallback,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, SAMPLE, bad_bodies, body
from tests.support.callbacks import NEW, OLD, PARSER, ROTATING, comparable, outcome

ENCRYPTED = OLD.encrypt(SAMPLE)
CIPHERS = [OLD, BodyCipher(["old key", "new key"]), BodyCipher(["new key", "old key"])]
MARK = b"\xef\xbb\xbf"


def decrypted(cipher: BodyCipher, sent: bytes | str) -> object:
    """Return the text, or all that its error says."""
    try:
        return cipher.decrypt(sent)
    except MalformedBodyError as error:
        return type(error), error.code, str(error), error.__context__, error.__cause__


@pytest.mark.parametrize(
    "wrapped",
    [
        encodebytes(b64decode(ENCRYPTED)),
        b"\r\n".join(ENCRYPTED[start : start + 64] for start in range(0, len(ENCRYPTED), 64)),
        *[ENCRYPTED + b"\n", b"\r\n" + ENCRYPTED + b"\r\n", ENCRYPTED + b" "],
        *[b" \t\r\n" + ENCRYPTED + b" \t\r\n"],
        *[MARK + ENCRYPTED, MARK + b"\r\n" + ENCRYPTED + b"\r\n", MARK + encodebytes(b64decode(ENCRYPTED))],
    ],
)
def test_lines_of_base64_and_a_mark_and_white_space_around_it_are_tolerated(wrapped: bytes) -> None:
    for cipher in CIPHERS:
        assert cipher.decrypt(wrapped) == cipher.decrypt(wrapped.decode()) == SAMPLE
        for sent in (wrapped, wrapped.decode()):
            parsed = outcome(evolve(PARSER, cipher=cipher), sent)
            assert comparable(parsed) == comparable(outcome(PARSER, SAMPLE))


def test_a_mark_and_white_space_are_tolerated_inside_the_encryption_too() -> None:
    text = MARK + b" \n" + SAMPLE + b"\n"
    for cipher in CIPHERS:
        assert cipher.decrypt(OLD.encrypt(text)) == text
        assert isinstance(outcome(evolve(PARSER, cipher=cipher), OLD.encrypt(text)), PayoutCallback)


URL_SAFE = next(one for number in range(100) if b"+" in (one := OLD.encrypt(b"%d" % number)) or b"/" in one)
TOO_DEEP = body()[:-1] + b',"x":' + b"[" * 64 + b"]" * 64 + b"}"

WHAT_ARRIVES: dict[ErrorCode, dict[str, bytes]] = {
    ErrorCode.EMPTY_BODY: {
        "nothing, encrypted": OLD.encrypt(b""),
        "white space, encrypted": OLD.encrypt(MARK + b"\n"),
    },
    ErrorCode.NOT_BASE64: {
        "the shortest plain JSON": b"{}",
        "a probe": b"GET / HTTP/1.1",
        "a probe of one word": b"test",
        "URL-safe Base64": urlsafe_b64encode(b64decode(URL_SAFE)),
        "a plus become a space": URL_SAFE.replace(b"+", b" ").replace(b"/", b" "),
        "more behind the padding": ENCRYPTED + b"AAAA",
        "too much padding": ENCRYPTED.rstrip(b"=") + b"=" * 3,
        "nothing but padding": b"====",
        "bits behind the last byte": b64encode(b64decode(ENCRYPTED)[:16])[:-3] + b"x==",
        "two marks": MARK * 2 + ENCRYPTED,
        "a mark behind white space": b" " + MARK + ENCRYPTED,
        "not ASCII": "余额".encode(),
        "another line break": ENCRYPTED + b"\x0c",
    },
    ErrorCode.NOT_JSON: {"encrypted twice": OLD.encrypt(ENCRYPTED)},
}
CASES = [(code, name, sent) for code, bodies in WHAT_ARRIVES.items() for name, sent in bodies.items()]
CASES += [
    (bad.code, bad.name, bad.body)
    for bad in bad_bodies(evolve(PARSER, cipher=CIPHERS[-1]))  # under the old key, and the new one fits none
    if bad.status == 400 and bad.code is not ErrorCode.TOO_DEEP
]


@pytest.mark.parametrize(
    ("code", "name", "sent"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_code_says_what_is_wrong_with_one_key_and_several_and_the_response_does_not(
    code: ErrorCode, name: str, sent: bytes
) -> None:
    results: set[object] = set()
    for cipher in CIPHERS:
        parser = evolve(PARSER, cipher=cipher)
        error = outcome(parser, sent)
        assert isinstance(error, MalformedBodyError)
        assert error.code is code
        assert isinstance(error, DecryptionError) is (code is ErrorCode.DECRYPTION_FAILED)
        assert AUTHENTICATION not in f"{error} {error!r}"
        response = parser.receive(sent).respond()
        assert (response.status, response.body, response.content_type) == (400, b"", "text/plain")
        results |= {
            decrypted(cipher, sent),
            decrypted(cipher, sent.decode("latin-1").replace("ï»¿", "\ufeff")),
        }
    assert results == {(type(error), code, str(error), None, None)}


@pytest.mark.parametrize(
    "text", [SAMPLE, b"{}", body(7), body(authentication="x"), MARK + b'{"a":1,}', TOO_DEEP]
)
def test_one_object_is_decrypted_with_one_key_and_several_and_read_as_a_plain_one_is(text: bytes) -> None:
    for cipher in CIPHERS:
        assert cipher.decrypt(OLD.encrypt(text)) == text
        assert comparable(outcome(evolve(PARSER, cipher=cipher), OLD.encrypt(text))) == comparable(
            outcome(PARSER, text)
        )


def test_the_depth_is_checked_when_the_sender_is_authenticated() -> None:
    error = outcome(ROTATING, OLD.encrypt(TOO_DEEP))
    assert isinstance(error, CallbackError)
    assert error.code is ErrorCode.TOO_DEEP
    error = outcome(ROTATING, OLD.encrypt(TOO_DEEP.replace(AUTHENTICATION.encode(), b"x")))
    assert isinstance(error, CallbackError)
    assert error.code is ErrorCode.AUTHENTICATION_FAILED


@pytest.mark.parametrize("sent", ["余额", "\ud800", "{\ud800}", "=\udcff"])
def test_a_str_that_is_no_base64_is_not_base64(sent: str) -> None:
    for cipher in CIPHERS:
        error = outcome(evolve(PARSER, cipher=cipher), sent)
        assert decrypted(cipher, sent) == (type(error), ErrorCode.NOT_BASE64, str(error), None, None)


def wrong_keys(encrypted: bytes, count: int) -> list[str]:
    """Find keys that yield valid padding, as about one wrong key in 256 does, and a text that is no JSON."""
    found = (key for key in map(str, range(100_000)) if BodyCipher(key).keys[0].decrypt(b64decode(encrypted)))
    return [next(found) for _ in range(count)]


@pytest.mark.parametrize("place", range(3))
def test_a_wrong_key_that_yields_valid_padding_does_not_count(place: int) -> None:
    sent = body(cipher=OLD)
    keys = wrong_keys(sent, 2)
    keys.insert(place, "old key")
    cipher = BodyCipher(keys)
    assert cipher.decrypt(sent) == body()
    result = CallbackParser(CREDENTIALS, cipher=cipher).receive(sent)
    assert isinstance(result, Accepted)
    assert result.used_newest_key is (place == 2)
    assert b'"responseCode":"1000"' in OLD.decrypt(result.respond().body)
    # Nor does it say what is wrong, where the right key does.
    duplicate = OLD.encrypt(body()[:-1] + b',"payType":"1"}')
    keys = wrong_keys(duplicate, 2)
    keys.insert(place, "old key")
    assert decrypted(BodyCipher(keys), duplicate) == decrypted(OLD, duplicate)


def test_during_a_rotation_bodies_under_each_key_are_accepted_alike() -> None:
    for parser in (ROTATING, pickle.loads(pickle.dumps(ROTATING))):  # noqa: S301
        for cipher in (OLD, NEW):
            assert comparable(outcome(parser, body(cipher=cipher))) == comparable(outcome(PARSER, body()))


def test_several_keys_encrypt_with_the_newest_and_decrypt_with_any() -> None:
    both = BodyCipher(["old key", "new key"])
    for cipher in (both, pickle.loads(pickle.dumps(both))):  # noqa: S301
        assert cipher.encrypt(b"{}") == NEW.encrypt(b"{}")
        assert cipher.decrypt(OLD.encrypt(b"{}")) == cipher.decrypt(NEW.encrypt(b"{}")) == b"{}"


def test_base64_is_decoded_once_whatever_the_number_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bytes] = []

    def decode(data: bytes) -> bytes:
        calls.append(data)
        return b64decode(data)

    monkeypatch.setattr("skypay_payout.encryption.a2b_base64", decode)
    assert BodyCipher(["old key", *map(str, range(20))]).decrypt(ENCRYPTED) == SAMPLE
    assert calls == [ENCRYPTED]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("", "keys: expected text, got none: is its setting filled in?"),
        (["issued", ""], "keys: expected text, got none: is its setting filled in?"),
        ("issued\ud800", "keys: expected text, got a lone surrogate, which no body can carry"),
    ],
)
def test_a_key_is_a_text_and_no_error_shows_it(keys: Any, message: str) -> None:
    with pytest.raises(ValueError, match="keys") as caught:
        BodyCipher(keys)
    assert str(caught.value) == message
    assert caught.value.__context__ is None


@pytest.mark.parametrize("wrong", [1, None, bytearray(ENCRYPTED), ["x"]])
def test_a_body_to_decrypt_is_bytes_or_str(wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"^expected a body as bytes or str, got {type(wrong).__name__}$"):
        OLD.decrypt(wrong)


def test_no_key_is_shown_or_kept() -> None:
    cipher = BodyCipher(["a long old key", "a long new key"])
    parser = CallbackParser(CREDENTIALS, cipher=cipher)
    for shown in (repr(cipher), str(cipher), repr(parser), repr(cipher.keys)):
        assert "a long" not in shown
        assert not any(repr(key.aes)[2:-1] in shown for key in cipher.keys)
    assert repr(cipher) == "BodyCipher(keys=<2 not shown>)"
    assert b"a long" not in pickle.dumps(cipher)
    assert cipher != BodyCipher(["a long old key", "a long new key"])


def test_every_length_of_a_block_is_encrypted_and_decrypted() -> None:
    for size in range(40):
        sent = OLD.encrypt(b"x" * size)
        assert OLD.keys[0].decrypt(b64decode(sent)) == b"x" * size
        assert len(b64decode(sent)) == size // 16 * 16 + 16


JVM = shutil.which("java")
REFERENCE = """
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;

class Reference {
    public static void main(String[] lines) throws Exception {
        var in = new java.io.BufferedReader(new java.io.InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (var issued = in.readLine(); issued != null; issued = in.readLine()) {
            var seed = SecureRandom.getInstance("SHA1PRNG");
            seed.setSeed(issued.getBytes(StandardCharsets.UTF_8));
            var generator = KeyGenerator.getInstance("AES");
            generator.init(128, seed);
            var key = generator.generateKey();
            var cipher = Cipher.getInstance("AES/ECB/PKCS5Padding");
            cipher.init(Cipher.DECRYPT_MODE, key);
            var text = cipher.doFinal(Base64.getDecoder().decode(in.readLine()));
            cipher.init(Cipher.ENCRYPT_MODE, key);
            System.out.println(Base64.getEncoder().encodeToString(text));
            System.out.println(Base64.getEncoder().encodeToString(cipher.doFinal(text)));
        }
    }
}
"""


@pytest.mark.heavy
@pytest.mark.skipif(JVM is None, reason="there is no JVM on this machine to compare with")
def test_the_jdks_own_classes_decrypt_what_is_encrypted_here_and_back(tmp_path: Path) -> None:
    assert JVM is not None
    source = tmp_path / "Reference.java"
    source.write_text(REFERENCE, "utf-8")
    keys = ["secret", "30AC21B2-9EAA-4503-B0F0-7BE5C277ED75", "密钥"]
    text = body(failDescription="余额不足")
    done = subprocess.run(  # noqa: S603
        [JVM, "-Dstdout.encoding=UTF-8", str(source)],
        input="".join(f"{key}\n{BodyCipher(key).encrypt(text).decode()}\n" for key in keys).encode(),
        capture_output=True,
        check=True,
    )
    lines = done.stdout.split()
    assert [b64decode(line) for line in lines[::2]] == [text] * len(keys)
    for key, sent in zip(keys, lines[1::2], strict=True):
        assert BodyCipher(key).decrypt(sent) == text


def test_without_the_extra_a_key_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
    with pytest.raises(ImportError) as caught:
        BodyCipher("key")
    assert str(caught.value) == (
        "encrypted bodies need the extra 'encryption': pip install 'skypay-payout[encryption]'"
    )
