"""Settings: ``config.toml``, then the environment, then what the caller overrides.

Secrets never stand in the file. They come from REDRESS_SECRET_KEY, REDRESS_DATA_KEY and REDRESS_MAIL_PASSWORD, or from
the file that the same name with ``_FILE`` points to. Outside production, missing keys are made once and kept in the
``var`` folder. REDRESS_DATABASE_URL, REDRESS_VAR, REDRESS_PACKS, REDRESS_BASE_URL, REDRESS_MODE, REDRESS_HOST and
REDRESS_PORT replace what the file says; REDRESS_CONFIG names another file.
"""

from __future__ import annotations

import base64
import os
import secrets
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from engine.calendars import CalendarError, calendars_from_config
from engine.errors import ConfigInvalid
from engine.types import Name

FILE_TYPES: Final = ("jpeg", "png", "webp", "gif", "pdf", "docx", "xlsx", "txt", "mp3", "m4a", "mp4", "wav", "amr")
MODES: Final = ("development", "demo", "production")
LANGUAGES: Final = ("zh", "en")
_KEY_LENGTH: Final = 32
_T = TypeVar("_T")
_ROOT = Path(__file__).resolve().parent.parent
_ENVIRONMENT = ("database_url", "var", "packs", "base_url", "mode")
_SECRETS = {"secret_key": "REDRESS_SECRET_KEY", "data_key": "REDRESS_DATA_KEY", "password": "REDRESS_MAIL_PASSWORD"}


def _number(default: int, low: int, high: int) -> Any:
    return field(default=default, metadata={"low": low, "high": high})


def _choice(default: Any, among: tuple[str, ...]) -> Any:
    return field(default=default, metadata={"among": among})


@dataclass(frozen=True)
class Mail:
    """The server that letters leave by."""

    host: str
    sender: str = field(metadata={"key": "from"})
    port: int = _number(587, 1, 65535)
    tls: str = _choice("starttls", ("none", "starttls", "tls"))
    user: str = ""
    password: str = field(default="", repr=False, metadata={"secret": True})


@dataclass(frozen=True)
class Files:
    """What may be uploaded."""

    max_bytes: int = _number(10 * 1024 * 1024, 1, 2**30)
    max_per_complaint: int = _number(20, 0, 1000)
    types: tuple[str, ...] = _choice(FILE_TYPES, FILE_TYPES)


@dataclass(frozen=True)
class Server:
    """Where the web server listens."""

    host: str = "127.0.0.1"
    port: int = _number(8000, 1, 65535)
    threads: int = _number(8, 1, 256)


@dataclass(frozen=True)
class SignIn:
    """How many wrong passwords lock an account, and for how long."""

    max_failures: int = _number(5, 1, 1000)
    lock_minutes: int = _number(15, 1, 1440)


@dataclass(frozen=True)
class Config:
    """All settings, checked. ``calendar`` is what ``engine.calendars.calendars_from_config`` takes."""

    database_url: str = field(repr=False)
    var: Path
    packs: Path
    mode: str
    base_url: str
    organisation: Name
    phone: str
    """The number complainants may call; empty when there is none."""
    zone: str
    languages: tuple[str, ...]
    calendar: Mapping[str, Any]
    mail: Mail | None
    """None: letters are written as files to :attr:`outbox`."""
    files: Files
    server: Server
    sign_in: SignIn
    webhooks: Mapping[str, str]
    secret_key: str = field(repr=False)
    """Signs sessions and forms."""
    data_keys: tuple[str, ...] = field(repr=False)
    """Keys of personal data; the first one encrypts, all decrypt."""

    @property
    def outbox(self) -> Path:
        """Folder for letters when there is no mail server."""
        return self.var / "outbox"


@dataclass(frozen=True)
class _Top:
    database_url: str = "sqlite:///var/redress.sqlite3"
    var: str = "var"
    packs: str = "processes"
    mode: str = _choice("development", MODES)
    base_url: str = "http://127.0.0.1:8000"
    zone: str = "Asia/Shanghai"
    languages: tuple[str, ...] = _choice(LANGUAGES, LANGUAGES)


@dataclass(frozen=True)
class _Organisation:
    zh: str = "投诉受理中心"
    en: str = "Complaints Office"
    phone: str = ""


_TABLES = ("organisation", "calendar", "mail", "files", "server", "sign_in", "webhooks")


def load_config(path: str | Path | None = None, **overrides: Any) -> Config:
    """Read, check and freeze the settings.

    ``path``: the file; else REDRESS_CONFIG, ``config.toml`` in the current folder or in the project. Relative paths
    count from the file's folder. ``overrides`` are named as in the file; tables are merged; ``mail=None`` switches
    mail off. ``secret_key`` and ``data_keys`` may be given too. Raises ConfigInvalid naming the key and the way out.
    """
    source = _source(path)
    base = source.parent if source else Path.cwd()
    given = _read(source) if source else {}
    _refuse_password_in_file(given.get("database_url"))
    own_secrets = {key: overrides.pop(key) for key in ("secret_key", "data_keys") if key in overrides}
    settings = _merged(given, _from_environment(), overrides)
    _refuse_unknown("", settings, [f.name for f in fields(_Top)] + list(_TABLES))
    top = _table(_Top, "", {key: value for key, value in settings.items() if key not in _TABLES})
    var = base / top.var
    organisation = _table(_Organisation, "organisation", settings.get("organisation", {}))
    return Config(
        database_url=_database_url(top.database_url, base),
        var=var,
        packs=base / top.packs,
        mode=top.mode,
        base_url=_web_address("base_url", top.base_url).rstrip("/"),
        organisation=Name(organisation.zh, organisation.en),
        phone=organisation.phone,
        zone=top.zone,
        languages=top.languages or LANGUAGES,
        calendar=_calendar(settings.get("calendar", {}), top.zone),
        mail=_mail(settings.get("mail")),
        files=_table(Files, "files", settings.get("files", {})),
        server=_table(Server, "server", settings.get("server", {})),
        sign_in=_table(SignIn, "sign_in", settings.get("sign_in", {})),
        webhooks=_webhooks(settings.get("webhooks", {})),
        secret_key=own_secrets.get("secret_key") or _secret("REDRESS_SECRET_KEY", var, top.mode),
        data_keys=tuple(own_secrets.get("data_keys") or _secret("REDRESS_DATA_KEY", var, top.mode).split()),
    )


def invalid(key: str, zh: str, en: str) -> ConfigInvalid:
    """The error for the setting ``key``; the texts say what is wrong and the way out."""
    return ConfigInvalid(key=key, reason={"zh": zh, "en": en})


def _source(path: str | Path | None) -> Path | None:
    named = path or os.environ.get("REDRESS_CONFIG")
    if named:
        if not Path(named).is_file():
            raise invalid("config.toml", f"没有文件 {named}。", f"there is no file {named}.")
        return Path(named).resolve()
    return next((p for p in (Path.cwd() / "config.toml", _ROOT / "config.toml") if p.is_file()), None)


def _read(source: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(source.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise invalid(source.name, f"不是有效的 TOML：{error}", f"not valid TOML: {error}") from error


def _from_environment() -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key in _ENVIRONMENT:
        value = _environment(f"REDRESS_{key.upper()}")
        if value:
            settings[key] = value
    server: dict[str, Any] = {}
    if host := _environment("REDRESS_HOST"):
        server["host"] = host
    if port := _environment("REDRESS_PORT"):
        server["port"] = int(port) if port.isdecimal() else port
    return settings | ({"server": server} if server else {})


def _environment(name: str) -> str:
    if value := os.environ.get(name, "").strip():
        return value
    if not (file := os.environ.get(f"{name}_FILE")):
        return ""
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise invalid(f"{name}_FILE", f"文件 {file} 不可读。", f"the file {file} cannot be read.") from error


def _merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            before = merged.get(key)
            both = isinstance(before, Mapping) and isinstance(value, Mapping)
            merged[key] = _merged(before, value) if both else value  # type: ignore[arg-type]
    return merged


def _refuse_unknown(table: str, given: Mapping[str, Any], known: list[str]) -> None:
    for key in given:
        if key in known:
            continue
        full = f"{table}.{key}" if table else key
        if key in _SECRETS:
            name = _SECRETS[key]
            zh, en = f"密钥不写在文件里，请设置 {name} 或 {name}_FILE。", f"secrets are set by {name} or {name}_FILE."
            raise invalid(full, zh, en)
        near = get_close_matches(key, known, 1)
        listed = ", ".join(known)
        zh = f"没有这一项。您是否指 {near[0]}？" if near else f"没有这一项。可用的有：{listed}。"
        en = f"there is no such setting. Did you mean {near[0]}?" if near else f"no such setting; there are: {listed}."
        raise invalid(full, zh, en)


def _table(kind: type[_T], table: str, given: Any) -> _T:
    """One table of the file as the dataclass ``kind``, every value checked against its field."""
    if not isinstance(given, Mapping):
        raise invalid(table, "应为一个表。", "must be a table.")
    known: dict[str, Field[Any]] = {
        f.metadata.get("key", f.name): f
        for f in fields(kind)  # type: ignore[arg-type]
        if not f.metadata.get("secret")
    }
    _refuse_unknown(table, given, list(known))
    values = {}
    for key, one in known.items():
        full = f"{table}.{key}" if table else key
        if key in given:
            values[one.name] = _value(full, one, given[key])
        elif one.default is MISSING:
            raise invalid(full, "这一项必须填写。", "this setting is required.")
    return kind(**values)


def _value(key: str, one: Field[Any], value: Any) -> Any:
    low, among = one.metadata.get("low"), one.metadata.get("among")
    if low is not None:
        high = one.metadata["high"]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise invalid(key, f"应为 {low} 到 {high} 的整数。", f"must be a whole number from {low} to {high}.")
    elif isinstance(one.default, tuple):
        if not isinstance(value, list | tuple) or not set(value) <= set(among or ()):
            listed = ", ".join(among or ())
            raise invalid(key, f"应为列表，可选：{listed}。", f"must be a list of any of: {listed}.")
        return tuple(value)
    elif not isinstance(value, str | Path) or (not str(value) and one.default != ""):
        raise invalid(key, "应为文字，不能为空。", "must be a text that is not empty.")
    elif among and value not in among:
        listed = ", ".join(among)
        raise invalid(key, f"只能是：{listed}。", f"must be one of: {listed}.")
    return str(value) if isinstance(value, Path) else value


def _calendar(given: Any, zone: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise invalid("calendar", "应为一个表。", "must be a table.")
    if zone not in available_timezones():
        raise invalid("zone", f"没有时区“{zone}”，例如 Asia/Shanghai。", f"no time zone {zone}; try Asia/Shanghai.")
    calendar = {"calendar": {"zone": zone, **given}}
    try:
        calendars_from_config(calendar)
    except CalendarError as error:
        raise invalid("calendar", f"{error.zh}。", f"{error.en}.") from error
    return MappingProxyType(calendar)


def _mail(given: Any) -> Mail | None:
    if given is None or given == {} or (isinstance(given, Mapping) and given.get("host") == ""):
        return None
    mail = _table(Mail, "mail", given)
    return replace(mail, password=_environment(_SECRETS["password"]))


def _webhooks(given: Any) -> Mapping[str, str]:
    if not isinstance(given, Mapping):
        raise invalid("webhooks", "应为一个表：名称 = 地址。", "must be a table of name = address.")
    return MappingProxyType({str(name): _web_address(f"webhooks.{name}", url) for name, url in given.items()})


def _web_address(key: str, url: Any) -> str:
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid(
            key, "应以 http:// 或 https:// 开头。", "must be an address that starts with http:// or https://."
        )
    return str(url)


def _parsed(url: Any) -> URL:
    try:
        parsed = make_url(url)
        known = parsed.get_backend_name() in ("sqlite", "postgresql", "postgres")
    except (ArgumentError, ValueError):
        known = False
    if not known:
        zh = "请写 sqlite:///文件 或 postgresql://用户@主机/数据库。"
        raise invalid("database_url", zh, "write sqlite:///file or postgresql://user@host/database.")
    return parsed


def _refuse_password_in_file(url: Any) -> None:
    if url is not None and ((parsed := _parsed(url)).password or "password" in parsed.query):
        zh = "密码不写在文件里，请设置 REDRESS_DATABASE_URL 或 REDRESS_DATABASE_URL_FILE。"
        en = "a password does not stand in the file; set REDRESS_DATABASE_URL or REDRESS_DATABASE_URL_FILE."
        raise invalid("database_url", zh, en)


def _database_url(url: str, base: Path) -> str:
    parsed = _parsed(url)
    file = parsed.database
    if parsed.get_backend_name() == "sqlite" and file and file != ":memory:" and not file.startswith("file:"):
        parsed = parsed.set(database=str(base / file))
    return parsed.render_as_string(hide_password=False)


def _secret(name: str, var: Path, mode: str) -> str:
    """A secret from the environment; outside production made once and kept in ``var``."""
    if value := _environment(name):
        if any(len(key) < _KEY_LENGTH for key in value.split()):
            zh = f"每个密钥至少 {_KEY_LENGTH} 个字符。可用此命令生成：openssl rand -base64 32"
            en = f"a key has at least {_KEY_LENGTH} characters. Make one with: openssl rand -base64 32"
            raise invalid(name, zh, en)
        return value
    if mode == "production":
        zh = f"生产环境必须设置 {name} 或 {name}_FILE。可用此命令生成：openssl rand -base64 32"
        en = f"production needs {name} or {name}_FILE. Make one with: openssl rand -base64 32"
        raise invalid(name, zh, en)
    kept = var / name.removeprefix("REDRESS_").lower()
    try:
        if not kept.exists():
            _keep_secret(kept, base64.urlsafe_b64encode(secrets.token_bytes(32)))
        return kept.read_text(encoding="ascii").strip()
    except OSError as error:
        zh = f"不能保存到 {kept}。请使该文件夹可写，或设置 {name}。"
        en = f"cannot be kept in {kept}. Make the folder writable, or set {name}."
        raise invalid(name, zh, en) from error


def _keep_secret(kept: Path, value: bytes) -> None:
    """Write ``value`` readable by the owner only; of several processes the first one wins."""
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = kept.with_name(f"{kept.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(value + b"\n")
        with suppress(FileExistsError):
            os.link(draft, kept)
    finally:
        draft.unlink()
