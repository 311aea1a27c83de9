"""The JSON of the index and its rebuilds."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from assistant.api.schemas.shared import example, read_from
from indexer.jobs import Job, JobState
from indexer.snapshot import Manifest


class SkippedBody(BaseModel):
    """A file below the notes folder that is not indexed."""

    model_config = read_from(path="aws/scan.md", reason="not UTF-8 (byte 17); save it as UTF-8")

    path: str = Field(description="Relative to the notes folder.")
    reason: str = Field(description="Why it is left out.")


class RebuildRequest(BaseModel):
    """How to rebuild. May be left out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(full=False))

    full: StrictBool = Field(default=False, description="Embed everything again, not only what changed.")


class ProgressBody(BaseModel):
    """How far a rebuild is."""

    model_config = read_from(stage="embedding", done=128, total=512, seconds_left=24.5)

    stage: str = Field(
        description="`waiting` for another process, `reading`, `chunking`, `embedding` or `writing`."
    )
    done: int = Field(description="Notes or passages of this stage that are done.")
    total: int = Field(description="Notes or passages of this stage.")
    seconds_left: float | None = Field(
        description="An estimate of what is left of this stage; null before there is one."
    )


class ReportBody(BaseModel):
    """What a rebuild did."""

    model_config = read_from(
        revision="20260131T091500-5f3a",
        changed=True,
        notes=58,
        chunks=812,
        embedded=9,
        kept=803,
        added=["aws/lambda.md"],
        changed_notes=["aws/ecs.md"],
        renamed=[["aws/s3.md", "aws/storage/s3.md"]],
        removed=[],
        skipped=[],
        reason="",
        set_aside=[],
        seconds={"reading": 0.1, "embedding": 0.9},
        dry_run=False,
    )

    revision: str = Field(description="The generation that is live after it.")
    changed: bool = Field(description="False if the index was in step with the notes already.")
    notes: int = Field(description="Notes in the index.")
    chunks: int = Field(description="Passages in the index.")
    embedded: int = Field(description="Passages that had to be embedded.")
    kept: int = Field(description="Passages whose vectors were taken over.")
    added: tuple[str, ...] = Field(description="Paths of new notes.")
    changed_notes: tuple[str, ...] = Field(description="Paths of edited notes.")
    renamed: tuple[tuple[str, str], ...] = Field(description="Notes that moved: old path, new path.")
    removed: tuple[str, ...] = Field(description="Paths of notes that are gone.")
    skipped: tuple[SkippedBody, ...] = Field(description="Files that are not indexed.")
    reason: str = Field(description="Why all notes were gone through again; empty if they were not.")
    set_aside: tuple[str, ...] = Field(
        description="Generations that were found damaged, and put into the folder `damaged`."
    )
    seconds: dict[str, float] = Field(description="Time that each stage took.")
    dry_run: bool = Field(description="True if nothing was written.")


class JobBody(BaseModel):
    """One rebuild."""

    model_config = read_from(
        id="1",
        state="running",
        full=False,
        progress={"stage": "embedding", "done": 128, "total": 512, "seconds_left": 24.5},
        report=None,
        error=None,
        started_at="2026-01-31T09:15:00Z",
        finished_at=None,
    )

    id: str = Field(description="Its name, for `GET /api/v1/index/jobs/{id}`.")
    state: JobState = Field(description="`waiting` for the running one, `running`, `done` or `failed`.")
    full: bool = Field(description="True if everything is embedded again.")
    progress: ProgressBody | None = Field(description="How far it is; null before it says so.")
    report: ReportBody | None = Field(description="What it did; null until it is done.")
    error: str | None = Field(description="Why it failed, in one sentence; null otherwise.")
    started_at: str = Field(description="ISO 8601, UTC.")
    finished_at: str | None = Field(description="ISO 8601, UTC; null until it has ended.")


class IndexBody(BaseModel):
    """The generation of the index that answers now."""

    model_config = read_from(
        revision="20260131T091500-5f3a",
        created_at="2026-01-31T09:15:00Z",
        age_seconds=86400,
        notes=58,
        chunks=812,
        embedding_model="all-MiniLM-L6-v2",
        embedding_fingerprint="8b3219a9…",
        dimension=384,
        chunker_version="1",
        format_version=1,
        skipped=[{"path": "aws/scan.md", "reason": "not UTF-8 (byte 17); save it as UTF-8"}],
        latest_job=None,
    )

    revision: str = Field(description="Its name; an answer carries the one that it was made from.")
    created_at: str = Field(description="When it was built: ISO 8601, UTC.")
    age_seconds: int = Field(description="How long ago that was.")
    notes: int = Field(description="How many notes it holds.")
    chunks: int = Field(description="How many passages it holds.")
    embedding_model: str = Field(description="The model that embedded it.")
    embedding_fingerprint: str = Field(description="Tells that model from others of the same name.")
    dimension: int = Field(description="How many numbers a vector has.")
    chunker_version: str = Field(description="The version of the rules that cut notes into passages.")
    format_version: int = Field(description="The version of the layout on disk.")
    skipped: tuple[SkippedBody, ...] = Field(description="Files that are not indexed, and why.")
    latest_job: JobBody | None = Field(description="The latest rebuild that is remembered, if there is one.")

    @classmethod
    def of(cls, manifest: Manifest, *, now: datetime, latest: Job | None) -> Self:
        """The JSON of a manifest as it stands at `now`, an aware time."""
        names = cls.model_fields.keys() - {"age_seconds", "latest_job"}
        age = now - datetime.fromisoformat(manifest.created_at)
        return cls.model_validate(
            {
                **{name: getattr(manifest, name) for name in names},
                "age_seconds": max(0, int(age.total_seconds())),
                "latest_job": latest,
            },
            from_attributes=True,
        )
