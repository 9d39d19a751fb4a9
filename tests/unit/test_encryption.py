"""``BodyCipher``: AES-128-ECB with PKCS#7 padding in Base64, one key or several during a rotation."""

from __future__ import annotations

import importlib.util
import pickle
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode, encodebytes, urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest

from skypay_payout import (
    Accepted,
    CallbackParser,
    DecryptionError,
    ErrorCode,
    MalformedBodyError,
)
from skypay_payout.encryption import BodyCipher, single_keys
from skypay_payout.testing import CREDENTIALS, SAMPLE, body
from tests.support.callbacks import PARSER, comparable, malformed, outcome

OLD, NEW = BodyCipher("old key"), BodyCipher("new key")
ENCRYPTED = OLD.encrypt(SAMPLE)
ROTATING = CallbackParser(CREDENTIALS, cipher=BodyCipher(["older key", "old key", "new key"]))


def decrypts(cipher: BodyCipher, encrypted: bytes) -> bool:
    try:
        cipher.decrypt(encrypted)
    except DecryptionError:
        return False
    return True


@pytest.mark.parametrize(
    "wrapped",
    [
        encodebytes(b64decode(ENCRYPTED)),
        b"\r\n".join(ENCRYPTED[start : start + 64] for start in range(0, len(ENCRYPTED), 64)),
        ENCRYPTED + b"\n",
        b"\r\n" + ENCRYPTED + b"\r\n",
    ],
    ids=["lines of 76", "lines of 64 with CRLF", "a newline behind", "line breaks around"],
)
def test_base64_that_is_wrapped_in_lines_is_decrypted(wrapped: bytes) -> None:
    assert OLD.decrypt(wrapped) == OLD.decrypt(wrapped.decode()) == SAMPLE
    parser = CallbackParser(CREDENTIALS, cipher=OLD)
    assert comparable(outcome(parser, wrapped.decode())) == comparable(outcome(PARSER, SAMPLE))


URL_SAFE = next(one for number in range(100) if b"+" in (one := OLD.encrypt(b"%d" % number)) or b"/" in one)

NOT_ENCRYPTED = {
    "nothing": b"",
    "an empty line": b"\r\n",
    "plain JSON": SAMPLE,
    "the shortest plain JSON": b"{}",
    "URL-safe Base64": urlsafe_b64encode(b64decode(URL_SAFE)),
    "a space within": ENCRYPTED[:10] + b" " + ENCRYPTED[10:],
    "a space behind": ENCRYPTED + b" ",
    "a byte order mark": b"\xef\xbb\xbf" + ENCRYPTED,
    "percent encoding": ENCRYPTED[:10] + b"%2B" + ENCRYPTED[10:],
    "more behind the padding": ENCRYPTED + b"AAAA",
    "too much padding": ENCRYPTED.rstrip(b"=") + b"=" * 3,
    "bits behind the last byte": b64encode(b64decode(ENCRYPTED)[:16])[:-3] + b"x==",
    "a character short": ENCRYPTED[:-1],
    "half a block": b64encode(b64decode(ENCRYPTED)[:-8]),
    "the last block lost": b64encode(b64decode(ENCRYPTED)[:-16]),
    "the last block changed": b64encode(b64decode(ENCRYPTED)[:-1] + b"\0"),
    "another key": NEW.encrypt(SAMPLE),
    "not ASCII": "余额".encode(),
    "not Base64 at all": b64decode(ENCRYPTED),
}


@pytest.mark.parametrize("sent", NOT_ENCRYPTED.values(), ids=NOT_ENCRYPTED)
def test_nothing_else_is_decrypted_and_no_error_says_why(sent: bytes) -> None:
    for attempt in (
        lambda: OLD.decrypt(sent),
        lambda: OLD.decrypt(sent.decode("latin-1")),
        lambda: BodyCipher(["older key", "old key"]).decrypt(sent),
        lambda: CallbackParser(CREDENTIALS, cipher=OLD).parse(sent),
        lambda: CallbackParser(CREDENTIALS, cipher=BodyCipher(["older key", "old key"])).parse(sent),
    ):
        with pytest.raises(DecryptionError) as caught:
            attempt()
        assert (type(caught.value), str(caught.value)) == (DecryptionError, str(DecryptionError()))
        assert caught.value.args == DecryptionError().args
        assert caught.value.__context__ is caught.value.__cause__ is None


@pytest.mark.parametrize("text", [b"hello", b"[]", b"{", b"{}{}", b"\xff", b"", b"1", b'{"a":NaN}'])
def test_what_is_decrypted_to_no_object_looks_like_what_no_key_decrypts(text: bytes) -> None:
    assert OLD.decrypt(OLD.encrypt(text)) == text
    for attempt in (
        lambda: CallbackParser(CREDENTIALS, cipher=OLD).parse(OLD.encrypt(text)),
        lambda: BodyCipher(["old key", "new key"]).decrypt(OLD.encrypt(text)),
    ):
        with pytest.raises(DecryptionError) as caught:
            attempt()
        assert caught.value.args == DecryptionError().args
        assert caught.value.__context__ is None


def test_an_encrypted_object_is_read_by_the_same_rules_as_a_plain_one() -> None:
    for text in (SAMPLE, b"{}", body(7), body(authentication="x"), body(x=["y"]), b'\xef\xbb\xbf{"a":1,}'):
        for cipher in (OLD, NEW):
            assert comparable(outcome(ROTATING, cipher.encrypt(text))) == comparable(outcome(PARSER, text))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b'{"a":1,"a":2}', ErrorCode.DUPLICATE_FIELD),
        (b'{"a":[' + b"1," * 500 + b"1]}", ErrorCode.TOO_COMPLEX),
        (body()[:-1] + b',"x":1e999}', ErrorCode.NOT_JSON),
    ],
)
def test_a_rejected_object_is_not_tried_under_the_next_key(text: bytes, code: ErrorCode) -> None:
    for cipher in (OLD, NEW):
        assert malformed(cipher.encrypt(text), ROTATING) is code
        if code is not ErrorCode.NOT_JSON:
            with pytest.raises(MalformedBodyError) as caught:
                BodyCipher(["old key", "new key"]).decrypt(cipher.encrypt(text))
            assert caught.value.code is code
        assert cipher.decrypt(cipher.encrypt(text)) == text


def test_during_a_rotation_bodies_under_each_key_are_accepted_alike() -> None:
    for parser in (ROTATING, pickle.loads(pickle.dumps(ROTATING))):  # noqa: S301
        for cipher in (OLD, NEW, BodyCipher("older key")):
            assert comparable(outcome(parser, body(cipher=cipher))) == comparable(outcome(PARSER, body()))
        with pytest.raises(DecryptionError):
            parser.parse(body(cipher=BodyCipher("a key that nobody issued")))


@pytest.mark.parametrize("order", [1, -1], ids=["the wrong key is newer", "the wrong key is older"])
def test_a_wrong_key_that_yields_valid_padding_does_not_count(order: int) -> None:
    # About one wrong key in 256 yields valid padding: this one does, with a text that is no JSON.
    encrypted = body(cipher=OLD)
    wrong = next(key for key in map(str, range(100_000)) if decrypts(BodyCipher(key), encrypted))
    both = BodyCipher(["old key", wrong][::order])
    assert both.decrypt(encrypted) == body()
    result = CallbackParser(CREDENTIALS, cipher=both).receive(encrypted)
    assert isinstance(result, Accepted)
    assert result.used_newest_key is (order == -1)
    assert b'"responseCode":"1000"' in OLD.decrypt(result.respond().body)


@pytest.mark.parametrize("order", [1, -1], ids=["the wrong key is newer", "the wrong key is older"])
def test_a_wrong_key_that_yields_something_too_complex_does_not_count(order: int) -> None:
    # Equal blocks stay equal under the wrong key, so a long row of one character can become many commas.
    sent = body(failDescription="-" * 2000)
    encrypted = OLD.encrypt(sent)
    texts = ((key, BodyCipher(key)._keys[0].decrypt(encrypted)) for key in map(str, range(1_000_000)))
    wrong = next(key for key, text in texts if text is not None and malformed(text) is ErrorCode.TOO_COMPLEX)
    both = BodyCipher(["old key", wrong][::order])
    assert comparable(outcome(CallbackParser(CREDENTIALS, cipher=both), encrypted)) == comparable(
        outcome(PARSER, sent)
    )
    assert both.decrypt(encrypted) == sent


def test_several_keys_encrypt_with_the_newest_and_decrypt_with_any() -> None:
    both = BodyCipher(["old key", "new key"])
    assert both.encrypt(b"{}") == NEW.encrypt(b"{}")
    assert both.decrypt(OLD.encrypt(b"{}")) == both.decrypt(NEW.encrypt(b"{}")) == b"{}"
    assert [cipher.encrypt(b"") for cipher in single_keys(both)] == [OLD.encrypt(b""), NEW.encrypt(b"")]


@pytest.mark.parametrize(
    ("keys", "error", "message"),
    [
        ("", ValueError, "keys: expected text, got none: is its setting filled in?"),
        (["issued", ""], ValueError, "keys: expected text, got none: is its setting filled in?"),
        ([], ValueError, "keys: expected one str or several, got none"),
        (None, TypeError, "keys: expected one str or several, got NoneType"),
        (b"issued", TypeError, "keys: expected one str or several, got int"),
        (["issued", b"issued"], TypeError, "keys: expected one str or several, got bytes"),
        ("issued\ud800", ValueError, "keys: expected text, got half of a surrogate pair"),
    ],
)
def test_a_key_is_a_text_and_no_error_shows_it(keys: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        BodyCipher(keys)
    assert str(caught.value).startswith(message)
    assert "'issued" not in repr(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("wrong", [1, None, bytearray(ENCRYPTED), ["x"]])
def test_a_body_to_decrypt_is_bytes_or_str(wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"^expected a body as bytes or str, got {type(wrong).__name__}$"):
        OLD.decrypt(wrong)


def test_no_key_is_shown_or_kept() -> None:
    cipher = BodyCipher(["a long old key", "a long new key"])
    aes = [key.aes for key in cipher._keys]
    for shown in (
        repr(cipher),
        str(cipher),
        repr(CallbackParser(CREDENTIALS, cipher=cipher)),
        repr(single_keys(cipher)),
        repr(cipher._keys),
    ):
        assert "a long" not in shown
        assert not any(repr(key)[2:-1] in shown for key in aes)
    assert repr(cipher) == "BodyCipher(_keys=<2 not shown>)"
    assert b"a long" not in pickle.dumps(cipher)
    assert cipher != BodyCipher(["a long old key", "a long new key"])
    with pytest.raises(AttributeError):
        cipher._keys = ()  # type: ignore[misc]


def test_a_pickled_cipher_is_the_same_cipher() -> None:
    again: BodyCipher = pickle.loads(pickle.dumps(BodyCipher(["old key", "new key"])))  # noqa: S301
    assert again.encrypt(b"x") == NEW.encrypt(b"x")
    assert again.decrypt(OLD.encrypt(b"{}")) == b"{}"


def test_the_limit_is_the_same_at_every_length_of_a_block() -> None:
    for size in range(40):
        assert OLD.decrypt(OLD.encrypt(b"x" * size)) == b"x" * size
        assert len(b64decode(OLD.encrypt(b"x" * size))) == size // 16 * 16 + 16


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
    for key, encrypted in zip(keys, lines[1::2], strict=True):
        assert BodyCipher(key).decrypt(encrypted) == text


def test_without_the_extra_the_import_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec("skypay_payout.encryption")
    assert found is not None
    assert found.loader is not None
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
    with pytest.raises(ImportError) as caught:
        found.loader.exec_module(importlib.util.module_from_spec(found))
    assert str(caught.value) == (
        "encrypted bodies need the extra 'encryption': pip install 'skypay-payout[encryption]'"
    )


def test_a_decryption_error_is_a_malformed_body() -> None:
    assert issubclass(DecryptionError, MalformedBodyError)
