"""What the other models share: the base class, the codes of errors, numbers that may be missing."""

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

# NaN and infinity are sent as null.
Number = float | None
# One row a sample, one number a column.
Rows = list[list[Number]]

Code = Literal[
    "key_refused",
    "key_missing",
    "model_unknown",
    "model_forbidden",
    "unreachable",
    "timeout",
    "slow_down",
    "filtered",
    "too_long",
    "empty",
    "broke_off",
    "bad_endpoint",
    "busy",
    "not_found",
    "not_yet",
    "forbidden",
    "invalid",
    "cancelled",
    "interrupted",
    "time_up",
    "server_fault",
]
CODES: frozenset[str] = frozenset(get_args(Code))

Status = Literal["running", "finished", "failed", "cancelled", "interrupted"]


def _require_all(schema: dict[str, Any]) -> None:
    """Say that every field is there: routes leave none out, whatever its default."""
    schema["required"] = list(schema.get("properties", {}))


class Model(BaseModel):
    """An answer, or a part of one. Fields that it does not name are an error, so that tests find them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_require_all)


class Error(Model):
    """Why a request is refused: one sentence, and a code that a page can choose an action by."""

    detail: str
    code: Code


class Started(Model):
    """What was started, and where it can be followed and found."""

    id: str
    url: str = Field(description="Its permalink in the API.")
    events: str = Field(description="Its stream of server-sent events.")


class Cancelled(Model):
    """Whether it was still running when it was cancelled."""

    id: str
    cancelled: bool


class Deleted(Model):
    """What is gone."""

    id: str
    deleted: bool
