"""Logs as a JSON object a line, without the text of documents and questions."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import datetime, timezone
from typing import Any


class JsonFormatter(logging.Formatter):
    """Formats a record as JSON: of an error its kind and place, not its message, which may quote a text."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "figures", {}),
        }
        if record.exc_info and (error := record.exc_info[1]):
            places = traceback.extract_tb(error.__traceback__)
            line["error"] = type(error).__name__
            line["place"] = f"{places[-1].filename}:{places[-1].lineno}" if places else None
        return json.dumps(line)


CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonFormatter}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {"semtoken_rag.serve": {"level": "INFO"}, "uvicorn": {"level": "INFO"}},
}
