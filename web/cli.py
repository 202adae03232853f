"""The ``redress`` command with everything that needs the web application: serve, worker and demo."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path

import click

from engine import SYSTEM, Engine, load_config, open_engine
from engine.cli import State, guarded, main
from engine.config import invalid
from engine.demo import has_complaints, seed_complaints, seed_people
from web.build import ensure_assets


def _serve(state: State, engine: Engine, host: str, port: int, worker: bool) -> None:
    from waitress.server import create_server

    from web import create_app

    app = create_app(engine)
    server = create_server(app, host=host, port=port, threads=engine.config.server.threads, ident=None)
    if worker:
        engine.scheduler.start()
    state.say(
        f"Redress 已启动：http://{host}:{port}  （Ctrl+C 结束）",
        f"Redress is running: http://{host}:{port}  (Ctrl+C ends it)",
        fg="green",
    )
    _until_stopped(server.close)
    try:
        server.run()
    except OSError:
        pass
    finally:
        if worker:
            engine.scheduler.stop()
        engine.close()


def _until_stopped(stop: object) -> None:
    def handle(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, handle)


@main.command()
@click.option("--host", help="Address to listen on (config.toml: server.host).")
@click.option("--port", type=int, help="Port (config.toml: server.port).")
@click.option("--no-worker", is_flag=True, help="Leave timers and letters to `redress worker`.")
@click.pass_obj
@guarded
def serve(state: State, host: str | None, port: int | None, no_worker: bool) -> None:
    """Serve the web application, with timers and letters unless --no-worker."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    config = load_config(state.path)
    ensure_assets(progress=click.echo)
    _serve(state, open_engine(config), host or config.server.host, port or config.server.port, not no_worker)


@main.command()
@click.pass_obj
@guarded
def worker(state: State) -> None:
    """Fire timers and deliver letters without serving pages; several may run at once."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with state.engine() as engine:
        engine.scheduler.start()
        state.say("计时与发送已启动（Ctrl+C 结束）", "Timers and letters are running (Ctrl+C ends it)", fg="green")
        stopped.wait()
        engine.scheduler.stop()


@main.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port.")
@click.option("--prepare-only", is_flag=True, help="Set everything up and stop before serving.")
@click.pass_obj
@guarded
def demo(state: State, host: str | None, port: int | None, prepare_only: bool) -> None:
    """Set up SQLite, deploy the packs, load sample data and serve. Safe to run again."""
    if load_config(state.path).mode == "production":
        raise invalid(
            "mode",
            "生产环境不能载入演示数据和演示账号；请使用 redress serve",
            "a production system takes no sample data and no sample accounts; use redress serve",
        )
    config = load_config(state.path, mode="demo")
    state.say("准备页面资源 …", "Preparing the pages' assets ...")
    ensure_assets(progress=click.echo)
    engine = open_engine(config)
    folders = sorted((p.parent for p in config.packs.glob("*/pack.toml")), key=lambda f: (f.name != "telecom", f.name))
    seed_people(engine, folders)
    for folder in folders:
        _prepare(state, engine, folder)
    if prepare_only:
        engine.close()
        return
    _serve(state, engine, host or config.server.host, port or config.server.port, worker=True)


def _prepare(state: State, engine: Engine, folder: Path) -> None:
    info = engine.deployments.deploy(SYSTEM, folder, "demo")
    state.say(f"制度包 {info.name}：第 {info.version} 版", f"Pack {info.name}: version {info.version}")
    if not has_complaints(engine, folder.name):
        seed_complaints(engine, folder, lambda zh, en: state.say(f"  {zh}", f"  {en}"))


if __name__ == "__main__":
    main()
