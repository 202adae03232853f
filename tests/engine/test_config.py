"""Settings from file, environment and overrides; every mistake names its key and the way out."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from engine.calendars import calendars_from_config
from engine.config import FILE_TYPES, Config, Files, Mail, load_config
from engine.errors import ConfigInvalid

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("REDRESS_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def load(tmp_path: Path, content: str = "", **overrides: object) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(content, encoding="utf-8")
    return load_config(path, **overrides)


def test_the_file_of_the_project_states_the_defaults(tmp_path: Path) -> None:
    secrets = {"var": tmp_path / "var", "secret_key": "s", "data_keys": ["k"]}
    shipped = load_config(ROOT / "config.toml", **secrets)
    bare = load(tmp_path, **secrets, database_url=shipped.database_url, packs=shipped.packs)
    assert shipped.organisation == bare.organisation
    assert calendars_from_config(shipped.calendar).keys() == calendars_from_config(bare.calendar).keys()
    for name in ("mode", "base_url", "zone", "languages", "mail", "files", "server", "sign_in", "webhooks"):
        assert getattr(shipped, name) == getattr(bare, name), name
    assert shipped.packs == ROOT / "processes"


def test_paths_count_from_the_file(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert config.database_url == f"sqlite:///{tmp_path}/var/redress.sqlite3"
    assert config.var == tmp_path / "var"
    assert config.outbox == tmp_path / "var" / "outbox"
    absolute = load(tmp_path, database_url="sqlite:////data/x.sqlite3", var="/data", secret_key="s", data_keys=["k"])
    assert (absolute.database_url, absolute.var) == ("sqlite:////data/x.sqlite3", Path("/data"))
    assert load(tmp_path, database_url="sqlite://").database_url == "sqlite://"


def test_the_file_is_found_in_the_current_folder_and_by_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("[server]\nport = 8001\n")
    assert load_config().server.port == 8001
    other = tmp_path / "other.toml"
    other.write_text("[server]\nport = 8002\n")
    monkeypatch.setenv("REDRESS_CONFIG", str(other))
    assert load_config().server.port == 8002
    with pytest.raises(ConfigInvalid, match=r"no\.toml"):
        load_config(tmp_path / "no.toml")


def test_environment_beats_the_file_and_overrides_beat_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDRESS_DATABASE_URL", "postgresql://u:p@h/db")
    monkeypatch.setenv("REDRESS_PORT", "9001")
    config = load(tmp_path, "[server]\nport = 8001\nthreads = 3\n")
    assert config.database_url == "postgresql://u:p@h/db"
    assert (config.server.port, config.server.threads) == (9001, 3)
    config = load(tmp_path, database_url="sqlite:///x.sqlite3", server={"port": 9002}, files={"max_bytes": 5})
    assert config.database_url == f"sqlite:///{tmp_path}/x.sqlite3"
    assert config.server.port == 9002
    assert config.files == Files(max_bytes=5)


def test_all_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDRESS_MAIL_PASSWORD", "hidden")
    config = load(
        tmp_path,
        """
        zone = "Asia/Urumqi"
        languages = ["en", "zh"]
        [organisation]
        zh = "某公司"
        en = "A company"
        [mail]
        host = "smtp.example.org"
        from = "a@example.org"
        port = 25
        tls = "none"
        [files]
        types = ["png"]
        [webhooks]
        billing = "https://example.org/hook"
        [calendar]
        public_holidays = "none"
        """,
    )
    assert config.mail == Mail("smtp.example.org", "a@example.org", 25, "none", password="hidden")
    assert config.files.types == ("png",)
    assert config.webhooks == {"billing": "https://example.org/hook"}
    assert config.languages == ("en", "zh")
    assert config.organisation.text("en") == "A company"
    assert str(calendars_from_config(config.calendar)["working"].zone) == "Asia/Urumqi"
    assert "hidden" not in repr(config)
    assert load(tmp_path, '[mail]\nhost = "h"\nfrom = "f"', mail=None).mail is None


@pytest.mark.parametrize(
    ("content", "key", "hint"),
    [
        ("databse_url = 'x'", "databse_url", "database_url"),
        ("[server]\nprot = 1", "server.prot", "port"),
        ("[sever]\nport = 1", "sever", "server"),
        ("zebra = 1", "zebra", "database_url"),
        ("[server]\nport = 'x'", "server.port", "65535"),
        ("[server]\nport = true", "server.port", "65535"),
        ("[server]\nhost = ''", "server.host", "empty"),
        ("server = 3", "server", "table"),
        ("mode = 'test'", "mode", "production"),
        ("languages = ['fr']", "languages", "zh, en"),
        ("files.types = ['exe']", "files.types", "jpeg"),
        ("[mail]\nhost = 'h'", "mail.from", "required"),
        ("[mail]\nhost = 'h'\nfrom = 'f'\npassword = 'x'", "mail.password", "REDRESS_MAIL_PASSWORD_FILE"),
        ("secret_key = 'x'", "secret_key", "REDRESS_SECRET_KEY"),
        ("database_url = 'postgresql://u:p@h/d'", "database_url", "REDRESS_DATABASE_URL"),
        ("database_url = 'mysql://h/d'", "database_url", "sqlite:///"),
        ("database_url = 'nonsense'", "database_url", "sqlite:///"),
        ("webhooks.x = 'ftp://h'", "webhooks.x", "https://"),
        ("base_url = 'example.org'", "base_url", "https://"),
        ("zone = 'Asia/Beijing'", "zone", "Asia/Shanghai"),
        ("[calendar.working]\nhours = ['9-5']", "calendar", "hours"),
        ("calendar = 1", "calendar", "table"),
        ("this is not toml", "config.toml", "TOML"),
    ],
)
def test_mistakes_name_the_key_and_the_way_out(tmp_path: Path, content: str, key: str, hint: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load(tmp_path, content)
    assert caught.value.params["key"] == key
    assert hint in caught.value.text("en")
    assert key in caught.value.text("zh")


def test_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    first, second = load(tmp_path), load(tmp_path)
    assert (first.secret_key, first.data_keys) == (second.secret_key, second.data_keys)
    assert len({first.secret_key, *first.data_keys}) == 2
    kept = sorted(path.name for path in (tmp_path / "var").iterdir())
    assert kept == ["data_key", "secret_key"]
    assert all(stat.S_IMODE((tmp_path / "var" / name).stat().st_mode) == 0o600 for name in kept)
    assert first.secret_key not in repr(first)


def test_secrets_from_environment_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"{'new' * 11}\n{'old' * 11}\n")
    monkeypatch.setenv("REDRESS_SECRET_KEY", "signing" * 5)
    monkeypatch.setenv("REDRESS_DATA_KEY_FILE", str(keys))
    config = load(tmp_path, "mode = 'production'")
    assert config.secret_key == "signing" * 5
    assert config.data_keys == ("new" * 11, "old" * 11)
    assert not (tmp_path / "var").exists()
    monkeypatch.setenv("REDRESS_DATA_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigInvalid, match="REDRESS_DATA_KEY_FILE"):
        load(tmp_path)


def test_production_needs_its_secrets(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="REDRESS_SECRET_KEY_FILE"):
        load(tmp_path, "mode = 'production'")


def test_short_keys_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDRESS_DATA_KEY", f"{'k' * 40} short")
    with pytest.raises(ConfigInvalid, match="openssl"):
        load(tmp_path)


def test_every_default_type_is_known() -> None:
    assert set(Files().types) == set(FILE_TYPES)
