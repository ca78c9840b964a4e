"""TOML files read and checked against a pydantic model, with messages for people."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from data.errors import Faults, FileError, PlannerError, suggest_name

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, object]:
    """Return the content of a TOML file.

    Raises
    ------
    FileError
        If the file is missing, unreadable, not UTF-8 or no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FileError("the file does not exist", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise FileError(f"the file is not UTF-8 text (byte {error.start})", where=str(path)) from error
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"the file is no TOML: {error}", where=str(path)) from error
    except OSError as error:
        raise FileError(f"the file cannot be read: {error.strerror}", where=str(path)) from error


def validate_model(model: type[Model], content: object, *, where: str, error: type[PlannerError]) -> Model:
    """Return a model filled with the content of a file.

    Parameters
    ----------
    model
        A pydantic model with ``extra="forbid"``.
    content
        What `read_toml` returned, or a part of it.
    where
        The file, for the message.
    error
        The error to raise for each fault.

    Raises
    ------
    PlannerError
        The given error; a `FaultsError` with every fault if there are several.
    """
    try:
        return model.model_validate(content)
    except ValidationError as invalid:
        explain_faults(invalid, model, where=where, error=error).raise_if_any()
        raise


def explain_faults(invalid: ValidationError, model: type[BaseModel] | None, *, where: str, error: type[PlannerError]) -> Faults:
    """Return what pydantic found, each fault as an error for people.

    Parameters
    ----------
    invalid
        What pydantic raised.
    model
        The model that was to be filled, for the nearest known keys; None where unknown keys are no faults.
    where, error
        As for `validate_model`.
    """
    faults = Faults()
    for detail in invalid.errors(include_url=False):
        faults.add(_explain(detail, model, where=where, error=error))
    return faults


def _explain(detail: object, model: type[BaseModel] | None, *, where: str, error: type[PlannerError]) -> PlannerError:
    fault = dict(detail)  # type: ignore[call-overload]
    location = tuple(fault["loc"])
    name = ".".join(str(part) for part in location) or "the file"
    if fault["type"] == "extra_forbidden" and model is not None:
        known = _known_keys(model, location[:-1])
        return error(f"unknown key {name!r}", where=where, remedy=suggest_name(str(location[-1]), known))
    if fault["type"] == "missing":
        return error(f"the key {name!r} is missing", where=where)
    text = str(fault["msg"]).removeprefix("Value error, ")
    text = text[:1].lower() + text[1:]
    seen = "" if isinstance(fault["input"], (dict, list)) else f", not {fault['input']!r}"
    return error(f"{name}: {text}{seen}" if location else text, where=where)


def _known_keys(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    current: object = model
    for part in location:
        if isinstance(part, int):
            continue
        current = next((keys[part] for keys in map(_keys_of, _models_in(current)) if part in keys), current)
    return sorted({key for found in _models_in(current) for key in _keys_of(found)})


def _keys_of(model: type[BaseModel]) -> dict[str, object]:
    """Return what each key of a table may hold; a key that Python keeps for itself stands as the alias of its field."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models_in(annotation: object) -> list[type[BaseModel]]:
    """Return the models that an annotation speaks of: itself, or those in its union, tuple or dict."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
