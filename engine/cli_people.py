"""Commands about accounts and the bearer tokens of the programming interface."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from engine import SYSTEM
from engine.cli_state import State, guarded
from engine.types import ROLES


@click.group()
def user() -> None:
    """Accounts."""


@user.command("list")
@click.pass_obj
@guarded
def user_list(state: State) -> None:
    """Everybody, with groups and roles."""
    with state.engine() as engine:
        for person in engine.users.list():
            roles = ", ".join(f"{role}@{pack}" for role, pack in sorted(person.roles))
            click.echo(f"{person.id}\t{person.name.text(state.language)}\t{', '.join(sorted(person.groups))}\t{roles}")


@user.command("add")
@click.argument("login")
@click.option("--name", required=True)
@click.option("--group", "groups", multiple=True, metavar="PACK/GROUP")
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="ROLE[@PACK]",
    help=f"One of {', '.join(ROLES)}; without @PACK for all packs.",
)
@click.option("--email")
@click.password_option(help="Asked for when not given.")
@click.pass_obj
@guarded
def user_add(
    state: State,
    login: str,
    name: str,
    groups: tuple[str, ...],
    roles: tuple[str, ...],
    email: str | None,
    password: str,
) -> None:
    """Add an account."""
    pairs = [(r.partition("@")[0], r.partition("@")[2] or "*") for r in roles]
    with state.engine() as engine:
        engine.users.create(SYSTEM, login, name, password, groups, pairs, email=email)
    state.say(f"已新建账号 {login}", f"Account {login} created", fg="green")


@user.command("password")
@click.argument("login")
@click.password_option()
@click.pass_obj
@guarded
def user_password(state: State, login: str, password: str) -> None:
    """Set a new password; open sessions of the account end."""
    with state.engine() as engine:
        engine.users.set_password(SYSTEM, login, password)
    state.say(f"{login} 的密码已更换", f"The password of {login} is changed", fg="green")


@user.command("deactivate")
@click.argument("login")
@click.pass_obj
@guarded
def user_deactivate(state: State, login: str) -> None:
    """Close an account; its tokens are revoked, its history stays."""
    with state.engine() as engine:
        engine.users.deactivate(SYSTEM, login)
    state.say(f"账号 {login} 已停用", f"Account {login} is closed", fg="green")


@click.group()
def token() -> None:
    """Bearer tokens for the API."""


@token.command("create")
@click.argument("login")
@click.option("--name", required=True, help="What the token is for.")
@click.option("--days", default=90, type=click.IntRange(1, 3650), help="Days until it expires.")
@click.pass_obj
@guarded
def token_create(state: State, login: str, name: str, days: int) -> None:
    """Make a token and print it once; only its hash is kept."""
    with state.engine() as engine:
        click.echo(engine.users.token_create(SYSTEM, login, name, days))


@token.command("list")
@click.argument("login")
@click.pass_obj
@guarded
def token_list(state: State, login: str) -> None:
    """The tokens of an account: id, name, made, expires, last used, revoked."""
    with state.engine() as engine:
        for row in engine.users.tokens(SYSTEM, login):
            click.echo("\t".join(_cell(value) for value in asdict(row).values()))


@token.command("revoke")
@click.argument("token_id")
@click.pass_obj
@guarded
def token_revoke(state: State, token_id: str) -> None:
    """End a token at once."""
    with state.engine() as engine:
        engine.users.token_revoke(SYSTEM, token_id)
    state.say("令牌已作废", "The token is revoked", fg="green")


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "-" if value is None else str(value)
