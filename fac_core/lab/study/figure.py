"""The figure of a study, for documents: its chosen definition against the score, one mark a test set."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fac_core.lab.study.study_files import Study
from fac_core.report.charts import scatter


def study_figure(study: Study) -> str:
    """SVG; kinds of sets differ by colour and shape."""
    test = study.sets.filter(pa.array(np.array(study.sets["half"].to_pylist()) == "test"))
    chosen, metric = study.summary["chosen"], study.summary["metric"]
    r = study.summary["test"][chosen]["pearson"]
    title = f"{study.config.name}: Pearson {r[0]:+.2f} ({r[1]:+.2f} to {r[2]:+.2f}), {len(test)} sets"
    points = list(zip(test[chosen].to_pylist(), test["score"].to_pylist(), test["kind"].to_pylist(), strict=True))
    return scatter(points, title=title, x_title=chosen, y_title=metric)
