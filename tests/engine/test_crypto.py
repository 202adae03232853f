"""Encryption with rotation, search indexes, masking, codes and tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.crypto import (
    DecryptionFailed,
    Vault,
    access_code,
    mask_contact,
    mask_name,
    new_token,
    normalised,
    token_hash,
)

VAULT = Vault(["first key"])
TEXTS = st.text(st.characters(codec="utf-8"))


@given(TEXTS)
def test_what_is_encrypted_comes_back(text: str) -> None:
    assert VAULT.decrypt(VAULT.encrypt(text)) == text


def test_equal_texts_look_different_and_show_nothing() -> None:
    one, two = VAULT.encrypt("张三丰张三丰"), VAULT.encrypt("张三丰张三丰")
    assert one != two
    assert "张".encode() not in one


@given(st.integers(0, 40), st.integers(1, 255))
def test_any_change_is_noticed(at: int, by: int) -> None:
    data = bytearray(VAULT.encrypt("13812345678"))
    data[at % len(data)] ^= by
    with pytest.raises(DecryptionFailed):
        VAULT.decrypt(bytes(data))


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01" * 10, b"plain text that was never encrypted"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(DecryptionFailed):
        VAULT.decrypt(data)


def test_rotation() -> None:
    old = VAULT.encrypt("张三丰")
    both = Vault(["second key", "first key"])
    assert both.decrypt(old) == "张三丰"
    new = both.rotate(old)
    assert both.rotate(new) == new
    second = Vault(["second key"])
    assert second.decrypt(new) == "张三丰"
    with pytest.raises(DecryptionFailed, match="REDRESS_DATA_KEY"):
        second.decrypt(old)
    assert both.indexes("张三丰") == [second.index("张三丰"), VAULT.index("张三丰")]
    assert VAULT.tail_index("5678") in both.tail_indexes("13812345678")


def test_a_vault_needs_keys() -> None:
    for keys in ([], [""]):
        with pytest.raises(ValueError, match="key"):
            Vault(keys)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("13812345678", "１３８１２３４５６７８"),
        ("13812345678", "+86 138-1234-5678"),
        ("13812345678", "0086 138 1234 5678"),
        ("010-12345678", "（010）1234 5678"),
        ("010-12345678", "01012345678转801"),
        ("张三丰", " 张 三丰"),
        ("John Smith", "john  SMITH"),
        ("阿不都·热合曼", "阿不都•热合曼"),
        ("Ann@Example.com", "ann@example.com"),
    ],
)
def test_equal_contacts_have_one_index(one: str, two: str) -> None:
    assert VAULT.index(one) == VAULT.index(two)
    assert len(VAULT.index(one)) == 64


def test_different_contacts_and_purposes_have_different_indexes() -> None:
    values = ["13812345678", "13812345679", "张三", "张三丰", "a.b@x.com", "ab@x.com", ""]
    hashes = [VAULT.index(v) for v in values] + [VAULT.tail_index("5678"), VAULT.code_hash("5678")]
    assert len(set(hashes)) == len(hashes)
    assert Vault(["other"]).index("张三") != VAULT.index("张三")


def test_tail_index() -> None:
    assert VAULT.tail_index("13812345678") == VAULT.tail_index("5678") == VAULT.tail_index("010-8888 5678 转12")
    assert VAULT.tail_index("a2024@example.com") is None
    assert VAULT.tail_index("678") is None
    assert VAULT.tail_indexes("") == []


@given(TEXTS)
def test_normalising_twice_changes_nothing_for_searches(text: str) -> None:
    assert VAULT.index(text) == VAULT.index(f" {text} ")
    assert isinstance(normalised(text), str)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三丰", "张**"),
        ("李四", "李*"),
        ("张", "*"),
        ("", ""),
        ("John Smith", "J*** S****"),
        ("阿不都·热合曼", "阿**·热**"),
        ("Anne-Marie X", "A***-M**** *"),
    ],
)
def test_mask_name(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("contact", "masked"),
    [
        ("13812345678", "138****5678"),
        ("+86 138-1234-5678", "138****5678"),
        ("010-12345678", "010****5678"),
        ("12345678", "****5678"),
        ("10086", "***86"),
        ("110", "***"),
        ("ann@example.com", "a**@example.com"),
        ("a@example.com", "*@example.com"),
        ("微信号 abc", "微******"),
        ("", ""),
    ],
)
def test_mask_contact(contact: str, masked: str) -> None:
    assert mask_contact(contact) == masked


@given(st.text(min_size=1))
def test_masks_never_show_the_whole(text: str) -> None:
    assert mask_contact(text) != text or not text.strip() or "*" in text
    assert mask_name(text).count("*") >= (1 if any(c.isalnum() for c in text) else 0)


def test_access_codes() -> None:
    codes = {access_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(len(code) == 8 and not set(code) & set("0O1IL2Z5S8B") for code in codes)
    stored = VAULT.code_hash("ACDE3467")
    assert VAULT.code_matches("acde-3467", stored)
    assert VAULT.code_matches(" ＡＣＤＥ3467", stored)
    assert not VAULT.code_matches("ACDE3469", stored)
    assert not VAULT.code_matches("", stored)
    assert Vault(["new", "first key"]).code_matches("ACDE3467", stored)


def test_tokens() -> None:
    token = new_token()
    assert token.startswith("rdr_")
    assert len(token) > 40
    assert token != new_token()
    assert token_hash(token) == token_hash(token) != token_hash(token + "x")
