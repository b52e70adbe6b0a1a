"""Streamlit's command, with what every page needs already loaded: `python -m dashboard run app.py`, as `fac ui` starts it.

The server begins to answer a second later for it, and whoever comes first does not wait for that second in front of a blank page.
"""

from __future__ import annotations

import sys

import plotly.graph_objects  # noqa: F401  # loaded, and no more
from streamlit.web.cli import main

import dashboard.cached
import dashboard.components.favourites  # noqa: F401  # as above

if __name__ == "__main__":
    sys.exit(main(prog_name="streamlit"))
