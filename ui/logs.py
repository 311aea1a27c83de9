"""The log: lines for people, or JSON for programs; with the request's id, and never with a secret."""

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from assistant.api.request_id import current_request_id

HIDDEN = "•••"


def configure_logging(*, level: str, as_json: bool, secrets: Sequence[str] = ()) -> None:
    """Send all that is logged to standard error.

    Args:
        level: the least that is told: debug, info, warning or error.
        secrets: what no line may hold, whatever puts it there.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json(secrets) if as_json else _Text(secrets))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # These tell of each request of theirs, which is no news.
    for name in ("httpx", "httpx2", "httpcore", "httpcore2", "openai", "bm25s", "mcp", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


class _Text(logging.Formatter):
    """Time, level, request id, message."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(request)s%(message)s", "%Y-%m-%dT%H:%M:%S")
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        name = current_request_id()
        record.request = f"[{name}] " if name else ""
        return _without(super().format(record), self._secrets)


class _Json(logging.Formatter):
    """One object a line."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id() or None,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return _without(json.dumps(told, ensure_ascii=False), self._secrets)


def _without(line: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        line = line.replace(secret, HIDDEN)
    return line
