"""A small workspace and a page of the dashboard on it."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import dashboard
from fac_core.store.workspace import Workspace
from tests.runs import make_run

config.set_option(
    "server.address", "127.0.0.1"
)  # as dashboard/.streamlit/config.toml says, which AppTest does not read
# Every new AppTest would look through the metadata of all installed packages: longer than most pages take.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)

APP = str(Path(dashboard.__file__).with_name("app.py"))
HOSTILE = "<script>alert('x')</script> **bold** [link](javascript:alert(1)) \"quoted\" ‏עברית é́ <0x0A>"


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    """An anchor with features 0..4 and a seed that fires 0 and, weakly, 1. Texts are hostile."""
    place = Workspace.create(tmp_path / "w")
    texts = [f"{HOSTILE} number {i}" for i in range(16)]
    anchor = [(f, s, 1.0 + f + s) for f in range(5) for s in range(16)]
    make_run(place.run_path("id-anchor"), "anchor", anchor, 16, 8, texts=texts, n_tokens=[6] * 16).close()
    seed = [(0, s, 20.0) for s in range(16)] + [(1, 0, 0.5)]
    make_run(place.run_path("id-seed"), "seed", seed, 16, 8, texts=texts, n_tokens=[6] * 16).close()
    place.set_anchor("anchor")
    monkeypatch.setenv("FAC_WORKSPACE", str(place.folder))
    return place


@pytest.fixture
def page(workspace):
    """`page("gaps", preset="paper")`: a page as a link to it opens it, for Dora; `author=""` is somebody without a name."""

    def opened(name: str = "overview", author: str = "Dora", **params: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=60)
        app.session_state["author"] = author
        for key, value in params.items():
            app.query_params[key] = value
        app.switch_page(f"page_scripts/{name}.py").run()
        assert not app.exception, app.exception
        return app

    return opened
