"""Personal data at rest, what lists show of it, and the random secrets that are handed out."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FORMAT = b"\x01"
_KEY_ID = 4
_NONCE = 12
_HEADER = len(_FORMAT) + _KEY_ID + _NONCE
_CODE_LETTERS = "34679ACDEFGHJKMNPQRTUVWXY"
_CODE_LENGTH = 8
_TOKEN_PREFIX = "rdr_"
_PHONE_MARKS = re.compile(r"[\s\-‐-―()./+]")
_EXTENSION = re.compile(r"(?:转|ext\.?|#).*$", re.IGNORECASE)
_BLANKS = re.compile(r"[\s·•‧・]")
_WORD = re.compile(r"[^\s·•‧・\-]+")
_EMAIL = re.compile(r"([^@\s]+)@([^@\s]+)")


class DecryptionFailed(Exception):
    """The data was changed, or none of the keys encrypted it."""


class Vault:
    """Encrypts personal data with keys kept outside the database.

    The first key encrypts and indexes; every key decrypts. To rotate, put the new key in front, run :meth:`rotate` over
    the stored values, write the indexes again, then drop the old key.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys or not all(keys):
            raise ValueError("at least one data key is needed")
        ciphers = [_derived(key, b"redress data") for key in keys]
        self._first = hashlib.sha256(ciphers[0]).digest()[:_KEY_ID]
        self._ciphers = {hashlib.sha256(key).digest()[:_KEY_ID]: AESGCM(key) for key in ciphers}
        self._index_keys = [_derived(key, b"redress index") for key in keys]

    def encrypt(self, plain: str) -> bytes:
        """``plain`` encrypted; equal texts give different bytes."""
        nonce = secrets.token_bytes(_NONCE)
        head = _FORMAT + self._first
        return head + nonce + self._ciphers[self._first].encrypt(nonce, plain.encode(), head)

    def decrypt(self, data: bytes) -> str:
        """The text that :meth:`encrypt` was given. Raises DecryptionFailed."""
        data = bytes(data)
        head, nonce = data[: len(_FORMAT) + _KEY_ID], data[len(_FORMAT) + _KEY_ID : _HEADER]
        cipher = self._ciphers.get(head[len(_FORMAT) :])
        if not head.startswith(_FORMAT) or cipher is None:
            raise DecryptionFailed("no key fits this data; was a key removed from REDRESS_DATA_KEY?")
        try:
            return cipher.decrypt(nonce, data[_HEADER:], head).decode()
        except (InvalidTag, ValueError) as error:
            raise DecryptionFailed("the data was changed after it was encrypted") from error

    def rotate(self, data: bytes) -> bytes:
        """``data`` encrypted with the first key; unchanged when it already is."""
        if bytes(data[len(_FORMAT) : len(_FORMAT) + _KEY_ID]) == self._first:
            return data
        return self.encrypt(self.decrypt(data))

    def index(self, text: str) -> str:
        """A keyed hash by which equal names or contacts are found, however they were typed."""
        return self.indexes(text)[0]

    def indexes(self, text: str) -> list[str]:
        """:meth:`index` under every key, newest first: what a search compares with while keys are rotated."""
        return [_keyed(key, b"whole:" + normalised(text).encode()) for key in self._index_keys]

    def tail_index(self, phone: str) -> str | None:
        """A keyed hash of the last four digits; None when ``phone`` is not a telephone number."""
        found = self.tail_indexes(phone)
        return found[0] if found else None

    def tail_indexes(self, phone: str) -> list[str]:
        """:meth:`tail_index` under every key, newest first."""
        digits = _phone_digits(phone)
        if digits is None or len(digits) < 4:
            return []
        return [_keyed(key, b"tail:" + digits[-4:].encode()) for key in self._index_keys]

    def code_hash(self, code: str) -> str:
        """What is stored of an access code."""
        return _keyed(self._index_keys[0], b"code:" + _plain_code(code).encode())

    def code_matches(self, code: str, stored: str) -> bool:
        """True when ``stored`` is the hash of ``code``. Takes the same time for every wrong code."""
        plain = b"code:" + _plain_code(code).encode()
        matches = [hmac.compare_digest(_keyed(key, plain), stored) for key in self._index_keys]
        return any(matches)


def normalised(text: str) -> str:
    """``text`` as it is compared: half-width, lower case, without blanks; telephone numbers as bare digits."""
    return _phone_digits(text) or _BLANKS.sub("", unicodedata.normalize("NFKC", text).casefold())


def mask_name(name: str) -> str:
    """The first character of each part of a name: 张**, J*** S****."""
    return _WORD.sub(lambda part: _first_shown(part[0]), name.strip())


def mask_contact(contact: str) -> str:
    """138****5678 for telephone numbers, a****@example.com for e-mail, else the first character."""
    contact = contact.strip()
    if digits := _phone_digits(contact):
        head = 3 if len(digits) >= 11 else 0
        tail = 4 if len(digits) >= 8 else 2 if len(digits) >= 5 else 0
        return digits[:head] + "*" * (len(digits) - head - tail) + digits[len(digits) - tail :]
    if email := _EMAIL.fullmatch(contact):
        return f"{_first_shown(email[1])}@{email[2]}"
    return _first_shown(contact)


def access_code() -> str:
    """A random code by which a complainant follows the complaint; no letters that are easily mistaken."""
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))


def new_token() -> str:
    """A random bearer token."""
    return _TOKEN_PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a bearer token; it is long and random, so a plain hash cannot be reversed."""
    return hashlib.sha256(token.encode()).hexdigest()


def _derived(key: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose).derive(key.encode())


def _keyed(key: bytes, message: bytes) -> str:
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def _phone_digits(text: str) -> str | None:
    """The digits of a telephone number without the prefix of China and the extension; None for other texts."""
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = _PHONE_MARKS.sub("", _EXTENSION.sub("", plain))
    if not (digits.isascii() and digits.isdecimal()):
        return None
    mobile = re.fullmatch(r"(?:0086|86)(1\d{10})", digits)
    return mobile[1] if mobile else digits


def _plain_code(code: str) -> str:
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", code)).upper()


def _first_shown(text: str) -> str:
    return text[0] + "*" * (len(text) - 1) if len(text) > 1 else "*" * len(text)
