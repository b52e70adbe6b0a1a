"""Where one begins: `fac demo` tells the whole story, `fac doctor` what this machine lacks, `fac ui` opens the dashboard."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import webbrowser
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.text import Text

import fac_core as fac
from fac_core.cli.measure import theme_table
from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import curve_table, err, gap_table, out, part_table, progress_bar, say, table, write_json
from fac_core.errors import FacError, MissingExtra, NotFound, WrongUse
from fac_core.progress import counted

if TYPE_CHECKING:
    from fac_core.demo import Answer

_DEMO = Path("demo-workspace")
_HERE = ("127.0.0.1", "localhost", "::1")
_ENOUGH = 20
"""A set in which fewer features are at home says little about its own."""
_POORLY = 0.5
"""Calibrated FAC below which a set's features are called hardly fired."""


def demo(
    workspace: Annotated[Path, typer.Option("--workspace", "-w", help="Where its workspace goes.")] = _DEMO,
    first: Annotated[
        bool, typer.Option("--first", help="Answer from a tenth of the texts now; jobs read the rest meanwhile.")
    ] = False,
    json: Json = False,
) -> None:
    """The whole story in a few minutes: two public datasets, a real model and SAE."""
    from fac_core.demo import run_demo, run_first

    result = run_first(workspace, progress_bar) if first else run_demo(workspace, progress_bar)
    if json:
        write_json(result)
    else:
        tell(out, result)


def doctor(
    accept_log: Annotated[
        bool, typer.Option("--accept-log", help="Take a log of decisions as it is that was changed from outside.")
    ] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> int:
    """What is missing on this machine, and the command that mends it."""
    from fac_core.operations.doctor import checks, is_healthy, log_check
    from fac_core.people.place import this_user

    try:
        log = fac.Workspace.at(workspace).events()
    except FacError:  # there need be none
        if workspace is not None:
            raise
        log = None
    if log is not None and accept_log:
        log.accept(author=this_user())
    found = [*checks(), *([log_check(log)] if log is not None else [])]
    good, bad, optional = Text("✓", "green"), Text("✗", "red"), Text("–", "yellow")
    rows = ((good if c.ok else bad if c.needed else optional, c.name, c.found, c.mend) for c in found)
    say(json, {"healthy": is_healthy(found), "checks": found}, table(["", "what", "found", "mend"], rows))
    return 0 if is_healthy(found) else 1


def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder, or that of an earlier backup.")],
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Copy a workspace while it is used; the next time, what is new."""
    from fac_core.store.upkeep.backup import back_up

    with progress_bar("Backup") as tell:
        made = back_up(fac.Workspace.at(workspace), folder, tell)
    say(
        json,
        made,
        f"{made.folder}: {made.n_files:,} files, {made.n_copied:,} of them new. `fac restore` brings them back.",
    )


def restore(
    backup: Annotated[Path, typer.Argument(help="Folder of a backup.")],
    folder: Annotated[Path, typer.Argument(help="A new folder for the workspace.")],
    json: Json = False,
) -> None:
    """Make a workspace from a backup, checked."""
    from fac_core.store.upkeep.backup import restore as restored

    with progress_bar("Restore") as tell:
        place = restored(backup, folder, tell)
    found = {"folder": str(place.folder), "n_runs": len(place.runs())}
    say(json, found, f"{counted(found['n_runs'], 'run')} and all decisions are back: --workspace {place.folder}")


def health(
    worker: Annotated[bool, typer.Option(help="Whether it is only well while a worker lives.")] = True,
    metrics: Annotated[bool, typer.Option("--metrics", help="As Prometheus reads it.")] = False,
    listen: Annotated[str, typer.Option(help="HOST:PORT: answer /live, /ready and /metrics there.")] = "",
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> int:
    """Is the workspace of a server well? Exit code 0 or 1."""
    from fac_core.operations import endpoint
    from fac_core.operations.health import health as look
    from fac_core.operations.metrics import metrics as as_text

    folder = fac.Workspace.at(workspace).folder if workspace is None else workspace
    if listen:
        host, _, port = listen.rpartition(":")
        if not port.isdigit():
            raise WrongUse(f"--listen takes HOST:PORT, as 127.0.0.1:9108, not {listen!r}.")
        with endpoint.endpoint(lambda: look(folder, needs_worker=worker), host or "127.0.0.1", int(port)) as server:
            err.print(
                f"http://{host or '127.0.0.1'}:{server.server_address[1]}: /live, /ready, /metrics. Ctrl-C ends it."
            )
            server.serve_forever()
    found = look(folder, needs_worker=worker)
    if metrics and not json:
        sys.stdout.write(as_text(found))
    else:
        rows = ((Text("✓", "green") if c.ok else Text("✗", "red"), c.name, c.found) for c in found.checks)
        say(json, endpoint.said(found), table(["", "what", "found"], rows))
    return 0 if found.ready else 1


def ui(
    workspace: WorkspaceFolder = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8501,
    address: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 is everywhere.")] = _HERE[0],
    without_sign_in: Annotated[
        bool, typer.Option("--without-sign-in", help="Let everybody in who reaches that address, as you.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> int:
    """Open the dashboard in the browser.

    Only this machine can reach it, unless an address is given and people sign in (`fac jobs people`); Ctrl-C ends it.
    """
    from fac_core.people.people_file import people
    from fac_core.people.secrets_file import secrets_file
    from fac_core.store.workspace import ENVIRONMENT_VARIABLE

    sign_in = people().sign_in
    if sign_in is None and address not in _HERE and not without_sign_in:
        raise WrongUse(
            f"Whoever reaches {address} could do all that you can. Let people sign in (`fac jobs sign-in`, `fac jobs admit`),"
            " or say --without-sign-in."
        )

    missing = [name for name in ("streamlit", "plotly") if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(f"The dashboard needs {' and '.join(missing)}: pip install 'fac-explorer[dashboard]'")
    app = importlib.util.find_spec("dashboard.app")
    if app is None or app.origin is None:
        raise MissingExtra("The package `dashboard` is not installed beside `fac_core`: pip install fac-explorer")
    _check_free(port)
    # -P: no module of the folder that this was called in, which may be somebody else's. Nor may its settings open the door.
    command = [sys.executable, "-P", "-m", "dashboard", "run", app.origin, f"--server.port={port}"]
    command += ["--server.enableCORS=true", "--server.enableXsrfProtection=true"]
    # Not headless, Streamlit would ask for an e-mail address and advertise on the page.
    command += ["--server.headless=true", f"--server.address={address}"]
    environment = dict(os.environ)
    if without_sign_in and sign_in is None:
        environment["FAC_WITHOUT_SIGN_IN"] = "1"
    try:
        environment[ENVIRONMENT_VARIABLE] = str(fac.Workspace.at(workspace).folder)
    except NotFound:  # the page offers to make one, here or where it was named
        if workspace is not None:
            environment[ENVIRONMENT_VARIABLE] = str(workspace.resolve())
    with ExitStack() as held:
        if sign_in is not None:
            command.append(f"--secrets.files={held.enter_context(secrets_file(sign_in))}")
            command += [f"--server.maxUploadSize={sign_in.upload_mb}"]
            command += [f"--browser.serverAddress={urlsplit(sign_in.address).hostname}"]
            for variable in (sign_in.client_secret, sign_in.cookie_secret):  # no worker inherits them
                environment.pop(variable, None)
        here = f"http://{address if address not in (*_HERE, '0.0.0.0', '::') else 'localhost'}:{port}"  # noqa: S104
        threading.Thread(target=_once_up, args=(here, browser), daemon=True).start()
        return _serve(command, environment)


def _check_free(port: int) -> None:
    """Raise `WrongUse` for a port that something listens at."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise WrongUse(f"Port {port} is taken, perhaps by another `fac ui`. Choose one with --port {port + 1}.")


def _serve(command: list[str], environment: dict[str, str]) -> int:
    """Run the server until it ends or somebody ends us: who is told to stop stops it too."""
    with subprocess.Popen(command, env=environment) as server:  # noqa: S603  # our own arguments
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        try:
            return max(0, server.wait())
        except KeyboardInterrupt:  # which the server has got as well
            return 0


def _once_up(address: str, browser: bool, patience: float = 60.0) -> None:
    """Warm the pages, and open a browser window, as soon as the server answers; nothing after so many seconds without."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with suppress(OSError):
            urllib.request.urlopen(f"{address}/_stcore/health").close()  # noqa: S310  # our own server
            subprocess.Popen([sys.executable, "-P", "-m", "dashboard.warming", address])  # noqa: S603
            if browser:
                webbrowser.open(address)
            return
        time.sleep(0.2)


def tell(console: Console, demo: Answer) -> None:
    """Print what the demo found, in the order in which one asks; of a first answer there are no curves."""
    from fac_core.demo import Demo

    coverage, calibrated = demo.coverage, demo.calibrated
    _tell_of_parts(console, demo)
    console.rule("What is missing?")
    console.print(Text(demo.missing.sentence, style="bold"))
    console.print(theme_table(demo.missing.themes) if demo.missing.themes else demo.missing.not_seen)
    console.rule("How well is the seed covered?")
    console.print(
        f"Seed: {counted(demo.seed.n_samples, 'everyday text')}, {counted(demo.seed.n_tokens, 'token')}. Anchor: {counted(demo.anchor.n_samples, 'text')}"
        f" of fourteen public sets, {counted(demo.anchor.n_tokens, 'token')}."
    )
    console.print(
        Text(f"FAC {coverage.fac:.1%}", style="bold"),
        f"as the paper defines it ({coverage.numerator:,} of {counted(coverage.denominator, 'feature')}"
        f", {demo.interval.low:.1%} to {demo.interval.high:.1%}): any activation in one sample suffices.",
    )
    console.print(
        Text(f"FAC {calibrated.fac:.1%}", style="bold"),
        f"calibrated ({calibrated.numerator:,} of {calibrated.denominator:,}): three samples"
        " in the upper quarter of what the anchor shows.",
    )
    console.rule("Features by where they are at home (calibrated)")
    homes = [part for part in demo.by_home if part.denominator >= _ENOUGH]
    console.print(part_table("features at home in", homes, demo.gap_words))
    if poorly := [str(part.cluster) for part in homes if part.fac < _POORLY]:
        console.print(Text(f"Hardly fires: {', '.join(poorly)}.", style="bold"))
    console.rule("Features that never fire in the seed, and what they fire on in the anchor")
    console.print(gap_table(demo.gaps))
    curves = (
        ()
        if not isinstance(demo, Demo)
        else (
            ("FAC against the threshold δ (paper's definition)", demo.threshold_curve),
            ("FAC against the number of samples (calibrated): would more of the same help?", demo.growth_curve),
            ("FAC against the samples a feature needs (δ = 0): how much hangs on one sample?", demo.count_curve),
        )
    )
    for title, points in curves:
        console.rule(title)
        console.print(curve_table(points))
    console.rule("Go on")
    feature = demo.gaps["feature_id"][0].as_py() if len(demo.gaps) else 0
    console.print(Text(f"The workspace is {demo.workspace}. Try:"))
    for command in (
        "fac ui",
        "fac jobs",
        "fac coverage --by set",
        "fac gaps --preset calibrated",
        f"fac feature {feature} --top 5",
        f"fac encode YOUR_DATA.jsonl --workspace {demo.workspace} --context 256",
    ):
        console.print(Text(f"    {command}"))


def _tell_of_parts(console: Console, demo: Answer) -> None:
    """Where the answer is of a part of the texts: how much is in, and that the rest is on its way."""
    from fac_core.jobs.parts import part_in_words, part_of

    workspace = fac.Workspace.at(demo.workspace)
    parts = {"Seed": part_of(workspace, demo.seed), "Anchor": part_of(workspace, demo.anchor)}
    said = [f"{what}: {part_in_words(part)}" for what, part in parts.items() if part is not None]
    if said:
        said.append("Fewer texts fire fewer features: trust the order of what is missing, not yet the percentages.")
    for line in said:
        console.print(Text(line, style="yellow"))
