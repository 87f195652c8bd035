"""Microsoft's own models of card elements against the JSON of a card: what they do not know is a mistake."""

from collections.abc import Iterator
from typing import Any, get_args

import microsoft_teams.cards.core as models
from pydantic import BaseModel, ValidationError

_BY_TYPE: dict[str, type[BaseModel]] = {
    get_args(model.model_fields["type"].annotation)[0]: model
    for model in vars(models).values()
    if isinstance(model, type) and issubclass(model, BaseModel) and "type" in model.model_fields
}


def unknown_to_microsoft(node: dict[str, Any], path: str) -> Iterator[str]:
    """Yield each property of one typed object that its model does not have or take, with its path."""
    model = _BY_TYPE.get(node["type"])
    if model is None:
        yield f"{path}: unknown type {node['type']}"
    else:
        yield from _breaches(node, model, path)


def _breaches(node: dict[str, Any], model: type[BaseModel], path: str) -> Iterator[str]:
    known = {str(field.serialization_alias or name): field for name, field in model.model_fields.items()}
    for key in sorted(node.keys() - known.keys()):
        yield f"{path}.{key}: unknown property of {model.__name__}"
    try:
        model.model_validate(node)
    except ValidationError as error:
        for problem in error.errors():
            yield f"{path}.{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
    for key in sorted((node.keys() & known.keys()) - {"data"}):
        inner = _model_without_type(known[key].annotation)
        if inner is not None:
            for place, value in _objects(node[key], f"{path}.{key}"):
                yield from _breaches(value, inner, place)


def _objects(value: object, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects under a property that carry no type of their own: facts, choices, definitions."""
    if isinstance(value, dict) and "type" not in value:
        yield path, value
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _objects(each, f"{path}[{index}]")


def _model_without_type(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return None if "type" in annotation.model_fields else annotation
    return next((found for part in get_args(annotation) if (found := _model_without_type(part))), None)
