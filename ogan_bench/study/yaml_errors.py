"""Problems of a YAML file, each with its place: ``file:line:column: key: message``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from ogan_bench.errors import StudyError, UserError, did_you_mean
from ogan_bench.study.base_model import Model
from ogan_bench.study.hypotheses import TESTS
from ogan_bench.study.parts import Kind
from ogan_bench.study.parts import model as component_model
from ogan_bench.study.yaml_text import MAX_LENGTH, parse_yaml

KeyPath = tuple[str | int, ...]
Tree = dict[str, Any]
M = TypeVar("M", bound=Model)


def read_yaml(path: Path) -> Tree:
    """The content of a study file; see :func:`read_study`."""
    return read_study(path)[0]


def read_study(path: Path) -> tuple[Tree, str, str]:
    """The content of a study file, its text, and the SHA-256 of the very bytes that were read.

    Raises:
        UserError: It is no file, or cannot be read.
        StudyError: It is not a mapping in YAML; says where.
    """
    if path.exists() and not path.is_file():  # a pipe can be read once only, and not hashed after
        raise UserError(f"{path}: {_no_file(path)}")
    try:
        with path.open("rb") as file:
            content = file.read(4 * MAX_LENGTH + 1)  # a character has up to four bytes
        text = content.decode("utf-8")
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such study file; `ogan-bench list studies` shows the shipped ones"
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not a study file: not text in UTF-8") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error}") from None
    try:
        tree = parse_yaml(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        problem = str(error.problem or error.context).splitlines()[0]
        raise StudyError([f"{path}{place}: not valid YAML: {problem}"]) from None
    except YAMLError as error:
        raise StudyError([f"{path}: not valid YAML: {error}"]) from None
    if not isinstance(tree, dict):
        raise StudyError([f"{path}:1:1: a study file is a mapping with name, base, arms, ..."])
    return tree, text, hashlib.sha256(content).hexdigest()


def _no_file(path: Path) -> str:
    """What is wrong with a path that is a folder, or no file in the usual sense."""
    if not path.is_dir():
        return "not a regular file; store the study in one"
    files = sorted(file.name for file in path.glob("*.y*ml"))
    if not files:
        return "a folder, without a study file in it"
    return f"a folder; name one of the study files in it: {', '.join(files)}"


class Places:
    """Line and column of every key of a file."""

    def __init__(self, path: Path, tree: Any) -> None:
        self.path = path
        self._at: dict[KeyPath, tuple[int, int]] = {}
        self._walk(tree, ())

    def _walk(self, node: Any, path: KeyPath) -> None:
        if not isinstance(node, dict | list):
            return
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            position = (node.lc.data or {}).get(key)  # type: ignore[union-attr]
            if position is not None:
                self._at[(*path, key)] = (position[0] + 1, position[1] + 1)
            self._walk(child, (*path, key))

    def line(self, path: KeyPath, message: str, origins: Sequence[KeyPath] = ((),)) -> str:
        """``file:line:column: key: message`` for a path merged from one of the origins.

        The place is that of the longest prefix of the path that the file contains.
        """
        for length in range(len(path), -1, -1):
            for origin in origins:
                at = self._at.get((*origin, *path[:length]))
                if at is not None:
                    key = dotted((*origin, *path))
                    return f"{self.path}:{at[0]}:{at[1]}: {key}: {message}"
        return f"{self.path}:1:1: {dotted(path)}: {message}"


def dotted(path: KeyPath) -> str:
    """A path for a message, in which every key can be seen.

    >>> dotted(("arms", "", "seeds", 0)), dotted((" a", "b\\n"))
    ("arms.''.seeds.0", "' a'.'b\\\\n'")
    """
    texts = map(str, path)
    return ".".join(t if t and t == t.strip() and t.isprintable() else repr(t) for t in texts)


def validate(
    model: type[M],
    tree: Tree,
    places: Places,
    origins: Sequence[KeyPath] = ((),),
    override: Tree | None = None,
) -> tuple[M | None, list[str]]:
    """The validated model, or ``None`` and one line for every problem."""
    try:
        return model.model_validate(tree), []
    except ValidationError as error:
        problems = []
        for detail in error.errors(include_url=False):
            path = _path_in(tree, detail["loc"])
            message = message_of(model, dict(detail), path)
            if override and _follows(override, path):
                problems.append(f"--set {dotted(path)}: {message}")
            else:
                problems.append(places.line(path, message, origins))
        return None, problems


def _path_in(tree: Any, location: KeyPath) -> KeyPath:
    """A pydantic location without the tags of unions, which are not keys of the file."""
    path: list[str | int] = []
    for index, part in enumerate(location):
        inside = _step(tree, part)
        if inside is not None:
            tree = inside
        elif index < len(location) - 1 or _is_tag(tree, part):
            continue
        path.append(part)
    return tuple(path)


def _step(tree: Any, part: str | int) -> Any:
    """The value at a key or index, or ``None``."""
    if isinstance(tree, Mapping):
        return tree.get(part)
    if isinstance(tree, list) and isinstance(part, int) and part < len(tree):
        return tree[part]
    return None


def _is_tag(tree: Any, part: str | int) -> bool:
    return tree == part or (
        isinstance(tree, Mapping) and part in (tree.get("name"), tree.get("test"))
    )


def _follows(tree: Any, path: KeyPath) -> bool:
    """Whether ``tree`` contains the whole path."""
    for part in path:
        if not (isinstance(tree, Mapping) and part in tree):
            return False
        tree = tree[part]
    return bool(path)


def message_of(model: type[BaseModel], detail: Tree, path: KeyPath) -> str:
    kind, given = detail["type"], detail["input"]
    context = detail.get("ctx", {})
    if kind == "missing":
        return "is required"
    if kind == "extra_forbidden":
        known = _known_keys(model, detail["loc"][:-1])
        return f"unknown key.{did_you_mean(str(path[-1]), known)}"
    if kind == "union_tag_invalid":
        known = [name.strip(" '") for name in str(context["expected_tags"]).split(",")]
        return f"unknown name {context['tag']!r}.{did_you_mean(str(context['tag']), known)}"
    if kind == "union_tag_not_found":
        return f"needs a {str(context['discriminator']).strip(chr(39))}"
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"unknown value {given!r}.{did_you_mean(str(given), known)}"
    message = str(detail["msg"]).removeprefix("Value error, ")
    short = given if isinstance(given, str | int | float | bool) else type(given).__name__
    return message if kind == "value_error" else f"{message} (got {short!r})"


def _known_keys(model: type[BaseModel], location: KeyPath) -> list[str]:
    """Keys that a study file may have at a pydantic location."""
    kind: str | None = None
    for step in location:
        if kind is not None:  # the tag of a union: the name of a part
            model, kind = component_model(kind, str(step)), None
            continue
        if location[0] == "hypotheses" and step in TESTS:  # likewise: the test
            model = TESTS[str(step)]
            continue
        field = model.model_fields.get(str(step))
        if field is None:  # an index of a list or a key of a mapping
            continue
        kind = next((item.kind for item in field.metadata if isinstance(item, Kind)), None)
        for annotation in (field.annotation, *get_args(field.annotation)):
            kind = kind or next(
                (i.kind for i in getattr(annotation, "__metadata__", ()) if isinstance(i, Kind)),
                None,
            )
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                model = annotation
    return list(model.model_fields)


def plain(node: Any) -> Any:
    """Built-in types in place of ruamel's, which keep the layout of the file."""
    if isinstance(node, dict):
        return {plain(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(item) for item in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
