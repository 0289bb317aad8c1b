"""Pydantic models over TOML data: every error becomes a problem in four parts, with place and nearest spelling.

Models derive from :class:`Table`: unknown keys are refused, types are strict, nouns are frozen. A validator of ours
that refuses a value raises :func:`refusal`, so that its own words reach the user.
"""

from __future__ import annotations

import datetime
import difflib
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Strict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from absengine.errors import Problem, Problems, Where
from absengine.language.scanner import Path
from absengine.language.toml import EVERY, printable

MAX_SHOWN = 60
_MAX_COMPARED = 80
_Model = TypeVar("_Model", bound=BaseModel)
_Item = TypeVar("_Item")

Many = Annotated[tuple[_Item, ...], Strict(False)]
"""``Many[X]``: a TOML array, held as a tuple so that frozen nouns stay frozen."""

_FIXED = "a word of a fixed vocabulary"
Word = Annotated[str, _FIXED]
"""Key type of a dict whose keys are words of ours (and so have Chinese aliases), not names the user chooses."""

_EXPECTED = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "date_type": "a date such as 2026-03-31",
    "list_type": "an array [ … ]",
    "tuple_type": "an array [ … ]",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dataclass_type": "a table",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
    "multiple_of": ("multiple_of", "a multiple of"),
}


class Table(BaseModel):
    """Base of every noun read from TOML: unknown keys refused, no conversion between types, frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def refusal(code: str, found: str, allowed: str, todo: str = "", at: Path = ()) -> PydanticCustomError:
    """The error a validator raises to refuse a value in its own words; ``at`` is a path below the validated value."""
    context = {"found": found, "allowed": allowed, "todo": todo, "at": at}
    return PydanticCustomError(code, "{found}: {allowed}", context)


def validate(
    model: type[_Model],
    data: Any,
    where: Callable[[Path], Where],
    problems: Problems,
    at: Path = (),
) -> _Model | None:
    """Build ``model`` from the value of ``data`` at path ``at``; on any error add all of them and return None.

    ``data`` is the whole document, so that places are right; ``where`` is usually ``document.where``. The caller
    collects problems of several sources and refuses once: ``problems.refuse(DealError)``.
    """
    for part in at:
        data = data[part]
    try:
        return model.model_validate(data)
    except ValidationError as cause:
        errors = cause.errors(include_url=False)
    found = _merged(_one(model, data, error, where, at) for error in _worth_saying(model, errors))
    problems.extend(sorted(found, key=lambda problem: problem.where.line or 0))
    return None


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The closest spelling among the candidates, if any is close; case and ``_ -`` and spaces do not count.

    A dotted name whose first word is right (``balance.B``) is compared by what follows it, lest the part that is right
    make every name look close.
    """
    words = list(candidates)
    first, dot, rest = word.partition(".")
    alike = [other for other in words if dot and other.startswith(first + dot)]
    if alike:
        close = nearest(rest, [other.partition(".")[2] for other in alike])
        return f"{first}.{close}" if close else None
    plain = {_plain(other): other for other in reversed(words)}
    matches = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=0.6)
    return plain[matches[0]] if matches else None


def did_you_mean(word: str, candidates: Iterable[str], otherwise: str = "") -> str:
    """The last part of a refusal for an unknown word."""
    close = nearest(word, candidates)
    return f"did you mean '{printable(close)}'?" if close else otherwise


def one_of(words: Iterable[str]) -> str:
    """A list of allowed words, cut where it would fill the screen."""
    listed = list(words)
    shown = ", ".join(f"'{printable(word)}'" for word in listed[:24])
    return f"{shown}, … ({len(listed)} in all)" if len(listed) > 24 else shown or "nothing here"


def show(value: object) -> str:
    """A TOML value as a reader would write it, cut to a line and safe for a terminal."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            text = printable(value)
            return f"'{text[:MAX_SHOWN]}…'" if len(text) > MAX_SHOWN else f"'{text}'"
        case datetime.date() | datetime.time():
            return value.isoformat()
        case Mapping():
            return "a table" if value else "an empty table"
        case Sequence():
            return f"an array of {len(value)}"
    return printable(str(value))[:MAX_SHOWN]


def free_paths(model: type[BaseModel]) -> tuple[Path, ...]:
    """Path patterns of the tables whose keys are the user's own names: every dict but those keyed by :data:`Word`."""
    return tuple(sorted(set(_free(model, (), ())), key=str))


def _plain(word: str) -> str:
    return "".join(c for c in word[:_MAX_COMPARED].casefold() if c not in "_-. ")


def _members(annotation: Any) -> Iterator[Any]:
    """The types an annotation stands for: unions opened, Annotated taken off."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _members(part)
    else:
        yield annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _fields(model: Any) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _free(annotation: Any, path: Path, above: tuple[Any, ...]) -> Iterator[Path]:
    for member in _members(annotation):
        origin, arguments = get_origin(member), get_args(member)
        if _is_model(member) and member not in above:
            for name, field in _fields(member).items():
                yield from _free(field.annotation, (*path, name), (*above, member))
        elif origin is dict:
            if _FIXED not in get_args(arguments[0])[1:]:
                yield path
            yield from _free(arguments[1], (*path, EVERY), above)
        elif origin in (list, tuple) and arguments:
            yield from _free(arguments[0], (*path, EVERY), above)


def _inside(annotation: Any, part: str | int) -> Iterator[Any]:
    """Annotations one step down from an annotation."""
    for member in _members(annotation):
        origin, arguments = get_origin(member), get_args(member)
        if _is_model(member) and part in _fields(member):
            yield _fields(member)[str(part)].annotation
        elif origin is dict:
            yield arguments[1]
        elif origin in (list, tuple) and isinstance(part, int) and arguments:
            yield arguments[0]


def _is_chosen(member: Any, tag: str | int) -> bool:
    """Whether a tag in a pydantic location chooses this member of a union; of several members one is always chosen."""
    if not _is_model(member):
        return False
    return tag == member.__name__ or any(tag in _words(field.annotation) for field in _fields(member).values())


def _words(annotation: Any) -> Iterator[Any]:
    for member in _members(annotation):
        if get_origin(member) is Literal:
            yield from get_args(member)


def _annotations(model: type[BaseModel], loc: Path) -> list[Any]:
    """What the model says stands at a pydantic location (whose parts may be union tags)."""
    found: list[Any] = [model]
    for part in loc:
        found = [member for one in found for member in _members(one)]
        tagged = [member for member in found if _is_chosen(member, part)] if len(found) > 1 else []
        found = tagged or [deeper for one in found for deeper in _inside(one, part)] or found
    return [member for one in found for member in _members(one)]


def _keys_at(model: type[BaseModel], loc: Path) -> dict[str, Any]:
    """Keys the model allows at a pydantic location."""
    return {name: f for member in _annotations(model, loc) if _is_model(member) for name, f in _fields(member).items()}


def _raw_path(data: Any, loc: Path) -> Path:
    """The parts of a pydantic location that stand in the raw data: union tags and ``[key]`` fall out."""
    if not loc:
        return ()
    part, rest = loc[0], loc[1:]
    without = _raw_path(data, rest)
    in_table = isinstance(data, dict) and part in data
    in_array = isinstance(data, list) and isinstance(part, int) and part < len(data)
    if not (in_table or in_array):
        return without
    within = (part, *_raw_path(data[part], rest))
    return within if len(within) > len(without) else without


def _worth_saying(model: type[BaseModel], errors: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Leave out a missing key whose misspelling is reported beside it: one mistake, one problem."""
    explained = set()
    for error in errors:
        if error["type"] == "extra_forbidden":
            table, key = error["loc"][:-1], error["loc"][-1]
            explained.add((*table, nearest(str(key), _keys_at(model, table))))
    yield from (error for error in errors if error["type"] != "missing" or error["loc"] not in explained)


def _one(model: type[BaseModel], data: Any, error: ErrorDetails, where: Callable[[Path], Where], at: Path) -> Problem:
    kind, loc, context = error["type"], error["loc"], error.get("ctx", {})
    path = at + _raw_path(data, loc)
    found = show(error["input"])
    if "allowed" in context:
        place = where(path + tuple(context["at"]))
        return Problem(kind, place, context["found"], context["allowed"], context["todo"])
    if kind in ("too_long", "too_short") or (kind == "missing" and isinstance(loc[-1], int)):
        more = kind != "too_long"
        limit = int(loc[-1]) + 1 if kind == "missing" else context["min_length" if more else "max_length"]
        return Problem("wrong-length", where(path), found, f"{'at least' if more else 'at most'} {limit} items")
    if kind == "missing":
        return _missing(_keys_at(model, loc[:-1]), str(loc[-1]), where((*path, loc[-1])))
    if kind == "extra_forbidden":
        allowed = _keys_at(model, loc[:-1])
        return _unknown_key(str(loc[-1]), allowed, where(path))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _wrong_tag(error, where, path)
    if kind in ("literal_error", "enum"):
        words = [str(word) for member in _annotations(model, loc) for word in _words(member)]
        allowed_words = one_of(words) if words else context.get("expected", "")
        todo = did_you_mean(error["input"], words) if isinstance(error["input"], str) else ""
        return Problem("unknown-word", where(path), found, allowed_words, todo)
    if kind in _EXPECTED:
        return Problem("wrong-type", where(path), found, _EXPECTED[kind])
    if kind in _BOUNDS:
        name, words_of = _BOUNDS[kind]
        return Problem("out-of-range", where(path), found, f"{words_of} {context[name]}")
    return Problem("wrong-value", where(path), found, error["msg"][:1].lower() + error["msg"][1:])


def _missing(allowed: Mapping[str, Any], key: str, place: Where) -> Problem:
    field = allowed.get(key)
    meaning = f" ({field.description})" if field is not None and field.description else ""
    return Problem("missing-key", place, f"no '{key}' here", f"'{key}'{meaning} must be given", f"add {key} = …")


def _unknown_key(key: str, allowed: Mapping[str, Any], place: Where) -> Problem:
    todo = did_you_mean(key, allowed, "remove it or look it up with `absengine schema`")
    return Problem("unknown-key", place, f"the unknown key '{printable(key)}'", one_of(sorted(allowed)), todo)


def _wrong_tag(error: ErrorDetails, where: Callable[[Path], Where], path: Path) -> Problem:
    context = error["ctx"]
    key = context["discriminator"].strip("'")
    if error["type"] == "union_tag_not_found":
        return _missing({}, key, where((*path, key)))
    words = [word.strip("'") for word in context["expected_tags"].split(", ")]
    found = show(error["input"].get(key)) if isinstance(error["input"], dict) else show(context["tag"])
    return Problem("unknown-word", where((*path, key)), found, one_of(words), did_you_mean(context["tag"], words))


def _merged(problems: Iterable[Problem]) -> list[Problem]:
    """One problem where each member of a plain union refused the same value."""
    kept: dict[tuple[str, Where, str], Problem] = {}
    for problem in problems:
        key = (problem.code, problem.where, problem.found)
        if key in kept and problem.allowed not in kept[key].allowed:
            both = f"{kept[key].allowed} or {problem.allowed}"
            problem = Problem(problem.code, problem.where, problem.found, both, kept[key].todo or problem.todo)
        elif key in kept:
            continue
        kept[key] = problem
    return list(kept.values())
