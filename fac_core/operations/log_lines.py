"""What the engine logs, on stderr: words for people, or with `FAC_LOG=json` one JSON object a line for whoever collects logs."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime

from fac_core.errors import WrongUse

ENVIRONMENT_VARIABLE = "FAC_LOG"


class JsonLines(logging.Formatter):
    """`{"time", "level", "logger", "process", "message"}`, and `"error"` with the traceback of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(words: logging.Formatter) -> None:
    """Set up logging for a command. In JSON what jobs do is said too. Raises `WrongUse` for another format.

    Args:
        words: how people read it.
    """
    form = os.environ.get(ENVIRONMENT_VARIABLE, "text")
    if form not in ("text", "json"):
        raise WrongUse(f"{ENVIRONMENT_VARIABLE} is {form!r}; choose text or json.")
    told = logging.StreamHandler(sys.stderr)
    told.setFormatter(words if form == "text" else JsonLines())
    logging.basicConfig(handlers=[told], level=logging.WARNING)
    if form == "json":
        logging.getLogger("fac_core").setLevel(logging.INFO)
