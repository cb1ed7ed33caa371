"""The lines of a process: JSON into the run's log folder, readable ones to its output, both to a collector if any.

The product's rooms call the standard library's logging, with figures as ``extra``; here it is decided where they go.
"""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import orjson
import structlog

from contracts.errors import DataRejected, Failure
from pipeline.telemetry.redaction import redacted, redacted_field

# The SDK is imported by whoever has a collector.
if TYPE_CHECKING:
    from pipeline.telemetry.collector import Collector, Sending

LOG = logging.getLogger(__name__)
ROOMS = (
    "components", "contracts", "inventory", "pipeline", "retail_inventory", "schema", "serving", "store", "trainers",
    "transforms",
)  # fmt: skip
"""Whose lines are the product's own, from INFO on; of libraries, warnings and errors are kept."""
SUFFIX = ".jsonl"
_SAID = ".said"
"""Folder of marks, one for each warning of a library that a process of the run has written."""
_OF_A_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_SENDERS = ("opentelemetry", "urllib3")


@dataclass(frozen=True)
class Logs:
    """Where the lines of a run's processes go.

    Attributes:
        run_id: of the run, or of another command.
        folder: takes a file for each process; None: no file.
        collector: that takes them too; None: there is none.
    """

    run_id: str
    folder: Path | None
    collector: Collector | None = None

    def output(self, process: str) -> Path:
        """The file that takes what a process prints."""
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{process}.log"

    def start(self, process: str, readable: TextIO | None = None, *, forks: bool = False) -> _Lines:
        """Sends this process's lines there from now on, and nowhere else.

        Args:
            process: what it is, a node's id or a command.
            readable: also takes them, for people.
            forks: whether it will; then it sends nothing before ``end``, since a thread cannot be carried over a fork.

        Raises:
            OSError: the folder or the file cannot be made.
        """
        handlers: list[logging.Handler] = []
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = logging.FileHandler(self.folder / f"{process}{SUFFIX}", encoding="utf-8")
            file.setFormatter(_formatter(self.run_id, process, structlog.processors.JSONRenderer(_json)))
            handlers.append(file)
        if readable is not None:
            terminal = logging.StreamHandler(readable)
            console = structlog.dev.ConsoleRenderer(
                colors=False, pad_event_to=0, pad_level=False, timestamp_key="time"
            )
            terminal.setFormatter(_formatter(self.run_id, process, _for_people, console))
            handlers.append(terminal)
        sending = self.collector.sending(self.run_id, process, later=forks) if self.collector else None
        lines = _Lines(handlers, sending, self.folder)
        logging.basicConfig(handlers=[lines], level=logging.WARNING, force=True)
        logging.captureWarnings(True)
        for room in ROOMS:
            logging.getLogger(room).setLevel(logging.INFO)
        return lines

    @contextmanager
    def command(self, name: str, *, forks: bool = False, readable: TextIO | None = None) -> Iterator[None]:
        """The lines of a command for as long as the block lasts, with the last one saying how it ended."""
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        root.handlers = []  # force would close them
        lines = self.start(name, readable, forks=forks)
        try:
            LOG.info("%s begins", name)
            yield
            LOG.info("%s ended", name)
        except DataRejected as error:
            LOG.error("%s refused the data", name, extra={"problems": without_values(error)})
            raise
        except Failure as error:
            LOG.error("%s failed", name, extra={"reason": str(error)})
            raise
        except Exception:
            LOG.exception("%s failed", name)
            raise
        finally:
            logging.captureWarnings(False)
            lines.end()
            root.handlers, root.level = before, level


def without_values(error: DataRejected) -> list[dict[str, Any]]:
    """What is wrong with data, without what stands in their cells, which may be anybody's name."""
    found = error.problems
    return [
        {"file": p.file, "column": p.column, "rule": p.rule, "count": p.count, "rows": p.rows} for p in found
    ]


class _Lines(logging.Handler):
    """Hands each record on to all handlers: redacted, and a library's warning once a run."""

    def __init__(
        self, handlers: Sequence[logging.Handler], sending: Sending | None, folder: Path | None
    ) -> None:
        super().__init__()
        self._handlers = handlers
        self._sending = sending
        self._folder = folder
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if self._repeats(record):
            return
        _redact(record)
        for handler in self._handlers:
            handler.handle(record)
        # What sending itself has to say would be sent, and said again.
        if self._sending is not None and not record.name.startswith(_SENDERS):
            self._sending.send(record, _figures(record))

    def end(self) -> None:
        """Closes the files, and waits a little for the collector."""
        if self._sending is not None:
            self._sending.flush()
        for handler in self._handlers:
            handler.close()

    def flush(self) -> None:
        """What was said is in the file already; a collector that stands still must not hold up the process."""

    def _repeats(self, record: logging.LogRecord) -> bool:
        """Whether it is a library's warning that this run has written already."""
        sender = record.name.startswith(_SENDERS)
        if record.name.split(".")[0] in ROOMS or not (record.levelno == logging.WARNING or sender):
            return False
        text = record.getMessage() if record.name == "py.warnings" else str(record.msg)
        key = hashlib.sha256(f"{record.name} {text}".encode("utf-8", "replace")).hexdigest()[:16]
        if key in self._said:
            return True
        self._said.add(key)
        if self._folder is None:
            return False
        mark = self._folder / _SAID / key
        try:
            mark.parent.mkdir(exist_ok=True)
            mark.touch(exist_ok=False)
        except FileExistsError:
            return True
        except OSError:
            return False  # such as a full disk: rather twice than not at all
        return False


def _redact(record: logging.LogRecord) -> None:
    record.msg, record.args = redacted(record.getMessage()), None
    if record.exc_info and record.exc_info[0] is not None:
        record.exception = redacted("".join(traceback.format_exception(*record.exc_info)).rstrip())
    record.exc_info = record.exc_text = None
    for name in _figures(record) - {"exception"}:
        setattr(record, name, redacted_field(name, getattr(record, name)))


def _figures(record: logging.LogRecord) -> set[str]:
    return record.__dict__.keys() - _OF_A_RECORD


def _formatter(run_id: str, process: str, *renderers: Any) -> logging.Formatter:
    def head(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        record: logging.LogRecord = event["_record"]
        return {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "run_id": run_id,
            "node": process,
            **event,
            "logger": record.name,
        }

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[head, structlog.stdlib.ExtraAdder()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
    )


def _for_people(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Without what is the same in every line of a file."""
    return {name: value for name, value in event.items() if name not in ("run_id", "node", "logger")}


def _json(event: Any, **_: Any) -> str:
    # Python's own writes NaN, which is no JSON.
    return orjson.dumps(
        event, default=str, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    ).decode()
