"""Seven fronts, one order: whoever lists the gaps lists them as the view does, also under weights of one's own."""

from __future__ import annotations

import json

import pytest

from fac_core.cli.app import run as command
from fac_core.coverage.definition import PAPER
from fac_core.gaps.priority import Weights
from fac_core.view import View
from fac_core.workflows.report import contents
from tests.dashboard.conftest import page, workspace
from tests.dashboard.test_ranking import ranked

__all__ = ["page", "ranked", "workspace"]


@pytest.mark.parametrize("weights", [{}, {"trust": 0.0, "relevance": 2.0}], ids=["as they are", "of one's own"])
def test_the_gaps_stand_in_one_order_on_all_fronts(weights, workspace, ranked, page, capsys):
    view = View.find("seed", "anchor", PAPER, workspace=workspace, task="toxicity", weights=Weights(**weights))
    asked = {"preset": "paper", "task": "toxicity", **{f"w_{name}": str(value) for name, value in weights.items()}}
    flags = [f"--w-{name}={value}" for name, value in weights.items()]
    assert command(["gaps", "seed", "--task", "toxicity", *flags, "--json", "-w", str(workspace.folder)]) == 0

    python = view.gaps()["feature_id"].to_pylist()
    fronts = {
        "command line": [row["feature_id"] for row in json.loads(capsys.readouterr().out)],
        "report": [gap.row["feature_id"] for gap in contents(view).gaps],
        "Overview": overview(page(**asked)),
        "Gaps": page("gaps", **asked, gq_view="all").dataframe[0].value["feature_id"].tolist(),
        "Features": features(page("features", **asked, fq_sort="highest priority", fq_state="Uncovered")),
        "Map": page("map", **asked, mq_words="e").dataframe[0].value["feature_id"].tolist()[: len(python)],
    }
    assert python == ranked(**weights)
    assert len(python) == 3
    assert fronts == dict.fromkeys(fronts, python)


def overview(app):
    addresses = [link.proto.query_string for link in app.get("page_link") if "gq_gap" in link.proto.query_string]
    return [int(address.split("gq_gap=")[1].split("&")[0]) for address in addresses]


def features(app):
    return [int(feature) for feature in app.dataframe[0].value["feature"]]
