"""Passwords: what is accepted, how they are kept, and a check that takes as long for unknown accounts."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engine.errors import EngineError

MIN_LENGTH = 10
MAX_LENGTH = 200
_COMMON = re.compile(
    r"(?:(?:pass(?:word)?|passw0rd|p@ssw0rd|qwerty(?:uiop)?|asdfghjkl|zxcvbnm|1q2w3e4r(?:5t)?|1qaz2wsx(?:3edc)?|qazwsx(?:edc)?"
    r"|admin(?:istrator)?|root|user|test|guest|welcome|letmein|iloveyou|changeme|woaini|toushu|redress|abc(?:d|defg?hij)?|a+)"
    r"[\d!@#.]*|[\d\W_]+[a-z]?)"
)


class PasswordRefused(EngineError):
    """``field`` is "password" or "current"."""

    code, status = "password", 422
    zh = "密码没有更改：{reason}"
    en = "The password was not changed: {reason}"


class Passwords:
    """Hashes and checks passwords with argon2."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    def hash(self, password: str) -> str:
        """What is stored of ``password``."""
        return self._hasher.hash(_plain(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """True when ``stored`` is the hash of ``password``. Without ``stored`` it takes as long and is False."""
        try:
            matches = self._hasher.verify(stored or self._nobody, _plain(password)[: MAX_LENGTH * 4])
        except (VerificationError, InvalidHashError):
            return False
        return matches and stored is not None

    def outdated(self, stored: str) -> bool:
        """True when ``stored`` was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("nobody")


def check_policy(password: str, login: str, name: str) -> None:
    """Refuse passwords that are guessed first. Raises PasswordRefused with the way out."""
    plain = _plain(password).casefold()
    if len(plain) < MIN_LENGTH:
        raise refused(f"至少 {MIN_LENGTH} 个字符。", f"use at least {MIN_LENGTH} characters.")
    if len(plain) > MAX_LENGTH:
        raise refused(f"最多 {MAX_LENGTH} 个字符。", f"use at most {MAX_LENGTH} characters.")
    if _rest(plain, login) or _rest(plain, name):
        raise refused("不能由账号或姓名构成，请另选一个。", "it is made of the account or the name; choose another.")
    if _COMMON.fullmatch(plain) or len(set(plain)) < 4:
        raise refused("太容易被猜到，请另选一个，例如几个不相关的词。", "easily guessed; try a few unrelated words.")


def refused(zh: str, en: str, field: str = "password") -> PasswordRefused:
    """The error for ``field``."""
    return PasswordRefused(reason={"zh": zh, "en": en}, field=field)


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _rest(plain: str, known: str) -> bool:
    """True when fewer than four characters remain once ``known`` is taken away."""
    known = _plain(known).casefold().strip()
    return len(known) > 1 and known in plain and len(plain.replace(known, "")) < 4
