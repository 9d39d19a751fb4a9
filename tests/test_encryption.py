"""Encrypted bodies: AES-128-ECB with PKCS#7 padding in Base64, one key or several while it is changed."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode, encodebytes, urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skypay_payout import (
    AuthenticationError,
    CallbackParser,
    DecryptionError,
    ErrorCode,
    InvalidCallbackError,
    MalformedBodyError,
)
from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import CREDENTIALS, SAMPLE, body

VECTORS = json.loads(Path(__file__).with_name("data").joinpath("encryption-vectors.json").read_text("utf-8"))
OLD, NEW = BodyCipher("old key"), BodyCipher("new key")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: repr(vector["plaintext"][:16]))
def test_the_reference_and_this_library_open_and_seal_alike(vector: dict[str, str]) -> None:
    cipher = BodyCipher(vector["key"])
    assert cipher.encrypt(vector["plaintext"].encode()) == vector["ciphertext"].encode()
    assert cipher.decrypt(vector["ciphertext"].encode()) == vector["plaintext"].encode()
    assert cipher.decrypt(vector["ciphertext"]) == vector["plaintext"].encode()


@given(data=st.binary(), key=st.text(min_size=1))
@example(data=b"", key="half of a surrogate pair \ud800")
def test_whatever_is_sealed_opens_again(data: bytes, key: str) -> None:
    sealed = BodyCipher(key).encrypt(data)
    assert BodyCipher(key).decrypt(sealed) == data
    assert b64encode(b64decode(sealed, validate=True)) == sealed


SEALED = OLD.encrypt(SAMPLE)


@pytest.mark.parametrize(
    "wrapped",
    [
        encodebytes(b64decode(SEALED)),
        b"\r\n".join(SEALED[start : start + 64] for start in range(0, len(SEALED), 64)),
        SEALED + b"\n",
        b"\r\n" + SEALED + b"\r\n",
    ],
    ids=["lines of 76", "lines of 64 with CRLF", "a newline behind", "line breaks around"],
)
def test_base64_that_is_wrapped_in_lines_opens(wrapped: bytes) -> None:
    assert OLD.decrypt(wrapped) == SAMPLE
    assert CallbackParser(CREDENTIALS, cipher=OLD).parse(wrapped.decode()).control_number == "SK99123456789"


URL_SAFE = next(
    sealed for number in range(100) if b"+" in (sealed := OLD.encrypt(b"%d" % number)) or b"/" in sealed
)


@pytest.mark.parametrize(
    "sealed",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\r\n", id="an empty line"),
        pytest.param(SAMPLE, id="plain JSON"),
        pytest.param(b"{}", id="the shortest plain JSON"),
        pytest.param(urlsafe_b64encode(b64decode(URL_SAFE)), id="URL-safe Base64"),
        pytest.param(SEALED[:10] + b" " + SEALED[10:], id="a space within"),
        pytest.param(SEALED + b" ", id="a space behind"),
        pytest.param(b"\xef\xbb\xbf" + SEALED, id="a byte order mark"),
        pytest.param(SEALED[:10] + b"%2B" + SEALED[10:], id="percent encoding"),
        pytest.param(SEALED + b"AAAA", id="more behind the padding"),
        pytest.param(SEALED.rstrip(b"=") + b"=" * 3, id="too much padding"),
        pytest.param(b64encode(b64decode(SEALED)[:16])[:-3] + b"x==", id="bits behind the last byte"),
        pytest.param(SEALED[:-1], id="a character short"),
        pytest.param(b64encode(b64decode(SEALED)[:-8]), id="half a block"),
        pytest.param(b64encode(b64decode(SEALED)[:-16]), id="the last block lost"),
        pytest.param(b64encode(b64decode(SEALED)[:-1] + b"\0"), id="the last block changed"),
        pytest.param(NEW.encrypt(SAMPLE), id="another key's bytes"),
        pytest.param("余额".encode(), id="not ASCII"),
        pytest.param(b64decode(SEALED), id="not Base64 at all"),
    ],
)
def test_anything_else_does_not_open_and_nothing_says_why(sealed: bytes) -> None:
    for attempt in (
        lambda: OLD.decrypt(sealed),
        lambda: BodyCipher(["older key", "old key"]).decrypt(sealed),
        lambda: CallbackParser(CREDENTIALS, cipher=OLD).parse(sealed),
        lambda: OLD.decrypt(sealed.decode("latin-1")),
    ):
        with pytest.raises(DecryptionError) as refused:
            attempt()
        assert type(refused.value) is DecryptionError
        assert str(refused.value) == str(DecryptionError())
        assert refused.value.args == DecryptionError().args
        assert refused.value.__context__ is None
        assert refused.value.__cause__ is None


def test_a_text_that_opens_but_is_no_object_is_no_different_from_one_that_does_not() -> None:
    for text in (b"hello", b"[]", b"{", b"\xff", b""):
        assert OLD.decrypt(OLD.encrypt(text)) == text
        with pytest.raises(DecryptionError) as refused:
            CallbackParser(CREDENTIALS, cipher=OLD).parse(OLD.encrypt(text))
        assert refused.value.args == DecryptionError().args
        assert refused.value.__context__ is None


def test_an_encrypted_object_is_read_by_the_same_rules() -> None:
    parser = CallbackParser(CREDENTIALS, cipher=OLD)
    with pytest.raises(MalformedBodyError) as twice:
        parser.parse(OLD.encrypt(b'{"a":1,"a":2}'))
    assert twice.value.code is ErrorCode.MEMBER_TWICE
    with pytest.raises(AuthenticationError):
        parser.parse(OLD.encrypt(b"{}"))
    with pytest.raises(InvalidCallbackError):
        parser.parse(body(payType=7, cipher=OLD))
    assert parser.parse(OLD.encrypt(SAMPLE)) == CallbackParser(CREDENTIALS).parse(SAMPLE)


def test_while_the_key_is_changed_both_keys_open_and_each_seals_its_own_reply() -> None:
    parser = CallbackParser(CREDENTIALS, cipher=BodyCipher(["older key", "old key", "new key"]))
    again: CallbackParser = pickle.loads(pickle.dumps(parser))  # noqa: S301
    several = CallbackParser(CREDENTIALS, cipher=[BodyCipher(["older key", "old key"]), NEW])
    for cipher, other in ((OLD, NEW), (NEW, OLD), (BodyCipher("older key"), OLD)):
        for receiving in (parser, again, several):
            reply = receiving.reply(receiving.parse(body(cipher=cipher)))
            assert json.loads(cipher.decrypt(reply))["responseCode"] == "1000"
            with pytest.raises(DecryptionError):
                other.decrypt(reply)
    with pytest.raises(DecryptionError):
        parser.parse(body(cipher=BodyCipher("a key that nobody issued")))


def test_an_invalid_callback_is_answered_under_the_key_that_it_came_under() -> None:
    parser = CallbackParser(CREDENTIALS, cipher=BodyCipher(["old key", "new key"]))
    for cipher in (OLD, NEW):
        with pytest.raises(InvalidCallbackError) as refused:
            parser.parse(body(payType=7, cipher=cipher))
        assert json.loads(cipher.decrypt(parser.reply(refused.value)))["responseCode"] == "1000"
        moved: InvalidCallbackError = pickle.loads(pickle.dumps(refused.value))  # noqa: S301
        assert json.loads(cipher.decrypt(parser.reply(moved)))["responseCode"] == "1000"


def test_the_same_event_is_the_same_callback_under_either_key() -> None:
    parser = CallbackParser(CREDENTIALS, cipher=BodyCipher(["old key", "new key"]))
    assert parser.parse(body(cipher=OLD)) == parser.parse(body(cipher=NEW))


def test_a_wrong_key_that_seems_to_open_a_body_does_not_count() -> None:
    # About one wrong key in 256 leaves valid padding: this one does, with a text that is no JSON.
    sealed = body(cipher=OLD)
    seeming = next(key for key in map(str, range(100_000)) if _opens(BodyCipher(key), sealed))
    both = BodyCipher(["old key", seeming])
    assert both.decrypt(sealed) == body()
    parser = CallbackParser(CREDENTIALS, cipher=both)
    assert json.loads(OLD.decrypt(parser.reply(parser.parse(sealed))))["responseCode"] == "1000"


def _opens(cipher: BodyCipher, sealed: bytes) -> bool:
    try:
        cipher.decrypt(sealed)
    except DecryptionError:
        return False
    return True


def test_a_ring_of_keys_seals_with_the_newest_and_opens_with_any() -> None:
    ring = BodyCipher(["old key", "new key"])
    assert ring.encrypt(b"{}") == NEW.encrypt(b"{}")
    assert ring.decrypt(OLD.encrypt(b'{"a":1,"a":2}')) == b'{"a":1,"a":2}'
    assert [cipher.encrypt(b"") for cipher in ring] == [OLD.encrypt(b""), NEW.encrypt(b"")]


@pytest.mark.parametrize(
    ("key", "error"),
    [("", ValueError), ([], ValueError), (["key", ""], ValueError), (None, TypeError), (b"key", TypeError)],
)
def test_a_key_is_a_text(key: Any, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        BodyCipher(key)
    assert "'key'" not in repr(refused.value)


def test_a_body_to_decrypt_is_bytes_or_str() -> None:
    wrong: Any = 1
    with pytest.raises(TypeError, match="a body is bytes or str, not int"):
        OLD.decrypt(wrong)


def test_no_key_is_shown_or_kept() -> None:
    cipher = BodyCipher(["a long old key", "a long new key"])
    for shown in (
        repr(cipher),
        str(cipher),
        repr(CallbackParser(CREDENTIALS, cipher=cipher)),
        repr(list(cipher)),
    ):
        assert "a long" not in shown
        assert r"\x" not in shown
    assert repr(cipher) == "BodyCipher(_keys=<2 not shown>)"
    assert b"a long" not in pickle.dumps(cipher)
    assert cipher != BodyCipher(["a long old key", "a long new key"])


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
        var seed = SecureRandom.getInstance("SHA1PRNG");
        seed.setSeed(in.readLine().getBytes(StandardCharsets.UTF_8));
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
"""


@pytest.mark.skipif(JVM is None, reason="there is no JVM on this machine to compare with")
@pytest.mark.parametrize("key", ["secret", "30AC21B2-9EAA-4503-B0F0-7BE5C277ED75", "密钥"])
def test_the_jdks_own_classes_open_what_is_sealed_here_and_back(key: str, tmp_path: Path) -> None:
    assert JVM is not None
    source = tmp_path / "Reference.java"
    source.write_text(REFERENCE, "utf-8")
    cipher = BodyCipher(key)
    text = body(failDescription="余额不足")
    done = subprocess.run(  # noqa: S603
        [JVM, "-Dstdout.encoding=UTF-8", str(source)],
        input=f"{key}\n{cipher.encrypt(text).decode()}\n".encode(),
        capture_output=True,
        check=True,
    )
    opened, sealed = done.stdout.split()
    assert b64decode(opened) == text
    assert cipher.decrypt(sealed) == text


def test_without_the_extra_the_import_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "try: import skypay_payout.encryption\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert (
        done.stdout
        == "encrypted bodies need the extra 'encryption': pip install 'skypay-payout[encryption]'\n"
    )
