"""Named parts with parameters, as a study file writes them: ``{name: adam, beta1: 0.0}``.

The pydantic models that validate them are built from what :mod:`~ogan_bench.study.catalogue` reads
in the source, so no part is described twice.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

import pydantic
from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic_core import CoreSchema, core_schema

from ogan_bench.errors import PluginError
from ogan_bench.study import catalogue
from ogan_bench.study.syntax_tree import Part

IMPLIED_OBJECTIVE = "composed"
"""The objective of a study file that gives its parts but no name."""


class Component(BaseModel):
    """A named part with its parameters, ``{name: quadratic_potential, weight: 0.25}``.

    A bare string stands for a part with default parameters.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)
    part: ClassVar[Part]
    name: str

    def parameters(self) -> dict[str, Any]:
        """Keyword arguments for the function of this name; nested parts stay components."""
        return {key: getattr(self, key) for key in type(self).model_fields if key != "name"}

    @model_serializer(mode="wrap")
    def _with_name(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write the name even when defaults are left out: it identifies the part."""
        return {"name": self.name, **handler(self)}


def build(kind: str, component: Component | str | float, /, *inputs: Any) -> Any:
    """Call the function of a component with the program's inputs and the study's parameters.

    Args:
        kind: A key of :data:`~ogan_bench.study.catalogue.KINDS`.
        component: The part, or one of its short forms.
        inputs: Positional arguments.
    """
    chosen = component if isinstance(component, Component) else component_of(kind, component)
    return catalogue.function(kind, chosen.name)(*inputs, **chosen.parameters())


def component_of(kind: str, value: Any) -> Component:
    """The validated component of a value in a study file.

    Raises:
        pydantic.ValidationError: The value is invalid.
    """
    adapter: pydantic.TypeAdapter[Component] = pydantic.TypeAdapter(
        Annotated[Component, Kind(kind)]
    )
    return adapter.validate_python(value)


def model(kind: str, name: str) -> type[Component]:
    """A pydantic model ``{name: Literal[...], parameter: type = default, ...}`` of a part."""
    return _model(catalogue.parts(kind)[name])


def clear_model_cache() -> None:
    """Rebuild the models on next use: the parts that may be nested in a part have changed."""
    _model.cache_clear()


@functools.cache
def _model(part: Part) -> type[Component]:
    fields: dict[str, Any] = {"name": (Literal[part.name], part.name)}
    for parameter in part.parameters:
        try:
            annotation = eval(parameter.annotation, {"__builtins__": {}, **ANNOTATION_NAMES})
        except NameError as error:
            raise PluginError(
                f"{part.plugin.path if part.plugin else part.name}: type of {parameter.name!r}: "
                f"{error}; use {', '.join(ANNOTATION_NAMES)}"
            ) from None
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[parameter.name] = (annotation, pydantic.Field(default, validate_default=True))
    created: type[Component] = pydantic.create_model(
        f"{part.kind}.{part.name}", __base__=Component, __doc__=part.summary, **fields
    )
    created.part = part
    return created


def components_in(settings: BaseModel) -> Iterator[Component]:
    """All parts that settings name, nested ones included."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, Component):
            yield value
        if isinstance(value, BaseModel):
            yield from components_in(value)


class Kind:
    """Annotation that turns a field into a choice among the parts of one kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        names = catalogue.names(self.kind)
        tagged = core_schema.tagged_union_schema(
            {name: handler.generate_schema(model(self.kind, name)) for name in names},
            discriminator="name",
        )
        bare: list[CoreSchema] = [core_schema.literal_schema(names)]
        if self.kind == "schedules":
            bare.append(core_schema.float_schema(ge=0))
        return core_schema.no_info_before_validator_function(
            self._with_name,
            tagged,
            json_schema_input_schema=core_schema.union_schema([*bare, tagged]),
        )

    def _with_name(self, value: Any) -> Any:
        """Expand the short forms of a study file."""
        if isinstance(value, str):
            return {"name": value}
        if self.kind == "schedules" and isinstance(value, int | float):
            return {"name": "constant", "weight": value}
        if self.kind == "objectives" and isinstance(value, dict) and "name" not in value:
            return {"name": IMPLIED_OBJECTIVE, **value}
        return value


if TYPE_CHECKING:
    Dataset: TypeAlias = Component
    Architecture: TypeAlias = Component
    Objective: TypeAlias = Component
    Optimizer: TypeAlias = Component
    Updates: TypeAlias = Component
    Augmentation: TypeAlias = Component
    # Nested parts, whose default in a function's signature may be a short form.
    AdversarialPart: TypeAlias = Component | str
    ReadoutPart: TypeAlias = Component | str
    ConsistencyPart: TypeAlias = Component | str
    PenaltyPart: TypeAlias = Component | str
    Weight: TypeAlias = Component | str | float
else:
    Dataset = Annotated[Component, Kind("datasets")]
    Architecture = Annotated[Component, Kind("models")]
    Objective = Annotated[Component, Kind("objectives")]
    AdversarialPart = Annotated[Component, Kind("adversarial")]
    ReadoutPart = Annotated[Component, Kind("readouts")]
    ConsistencyPart = Annotated[Component, Kind("consistency")]
    PenaltyPart = Annotated[Component, Kind("penalties")]
    Weight = Annotated[Component, Kind("schedules")]
    Optimizer = Annotated[Component, Kind("optimizers")]
    Updates = Annotated[Component, Kind("updates")]
    Augmentation = Annotated[Component, Kind("augmentations")]

ANNOTATION_NAMES: dict[str, Any] = {
    **{kind.__name__: kind for kind in (int, float, bool, str, list, tuple)},
    "Annotated": Annotated,
    "Literal": Literal,
    **{
        name: getattr(pydantic, name)
        for name in ("Field", "PositiveInt", "PositiveFloat", "NonNegativeInt", "NonNegativeFloat")
    },
    "AdversarialPart": AdversarialPart,
    "ReadoutPart": ReadoutPart,
    "ConsistencyPart": ConsistencyPart,
    "PenaltyPart": PenaltyPart,
    "Weight": Weight,
}
"""Names that the annotation of a keyword-only parameter may use."""
