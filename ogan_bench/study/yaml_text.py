"""YAML text to data, bounded in depth and size: a file of somebody else cannot take the machine."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.scanner import RoundTripScanner, ScannerError

MAX_DEPTH = 60
"""Mappings and lists within each other; the shipped studies have 8."""

MAX_VALUES = 20_000
"""Values with every alias written out; the shipped studies have 1,300 at most."""

MAX_LENGTH = 150_000
"""Characters; the shipped studies have 14,000 at most."""


class _Scanner(RoundTripScanner):
    """Refuses a version of YAML that the parser would stumble over."""

    def scan_yaml_directive_value(self, start_mark: Any) -> Any:
        version = super().scan_yaml_directive_value(start_mark)
        if version not in ((1, 1), (1, 2)):
            raise ScannerError(None, None, "only versions 1.1 and 1.2 are known", start_mark)
        return version


class _Composer(Composer):
    """Stops at the first value too many, before the rest is parsed."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False  # YAML lets a later anchor take an earlier one's name
        self._values = 0

    def compose_node(self, parent: Node | None, index: Any) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise YAMLError(f"more than {MAX_VALUES:,} values")
        return super().compose_node(parent, index)


class _Constructor(RoundTripConstructor):
    """Says where a value is that its type does not allow, such as ``!!int x``.

    Refuses keys that are mappings or lists, and text that no file can hold.
    """

    def construct_mapping(  # type: ignore[override] # as of its parent
        self, node: Node, maptyp: Any, deep: bool = False
    ) -> Any:
        for key, _ in node.value if isinstance(node, MappingNode) else ():
            if not isinstance(key, ScalarNode):
                problem = "a key must be a single value"
                raise ConstructorError(None, None, problem, key.start_mark)
        return super().construct_mapping(node, maptyp, deep)

    def construct_non_recursive_object(self, node: Node, tag: str | None = None) -> Any:
        try:
            value = super().construct_non_recursive_object(node, tag)
            if isinstance(value, str):
                value.encode()  # half of a pair of surrogates is no character
            return value
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            problem = f"not a value of its type ({error})"
            raise ConstructorError(None, None, problem, node.start_mark) from None


def parse_yaml(text: str) -> Any:
    """The value of a YAML document; its mappings and lists know their places.

    Raises:
        YAMLError: It is not valid YAML, nested too deeply or too large; a ``MarkedYAMLError`` says
            where.
    """
    if len(text) > MAX_LENGTH:
        raise YAMLError(f"more than {MAX_LENGTH:,} characters")
    yaml = YAML(typ="rt", pure=True)
    yaml.max_depth = MAX_DEPTH
    yaml.Scanner = _Scanner
    yaml.Composer = _Composer
    yaml.Constructor = _Constructor
    value = yaml.load(text)
    if _size(value, {}) > MAX_VALUES:
        raise YAMLError(f"more than {MAX_VALUES:,} values, with its aliases written out")
    return value


def _size(value: Any, known: dict[int, int]) -> int:
    """Number of values in a value, with shared ones counted wherever they stand.

    Args:
        value: Any value; the parser leaves none that contains itself.
        known: Results by identity.
    """
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        children = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(child, known) for child in children)
    return known[id(value)]
