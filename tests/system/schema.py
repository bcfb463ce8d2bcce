# SPDX-License-Identifier: MIT
"""schema - the part of JSON Schema that the control socket's schema uses, and no more."""

TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def is_of(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def mismatches(value, schema, path="$"):
    """Where and how value is not what schema says: a list of sentences. What the schema does not name is wrong, too."""
    if "type" not in schema:
        return []
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(is_of(value, name) for name in names):
        return [f"{path}: {value!r} is not {' or '.join(names)}"]
    if isinstance(value, list):
        return [text for i, item in enumerate(value) for text in mismatches(item, schema["items"], f"{path}[{i}]")]
    if not isinstance(value, dict):
        return []
    properties = schema["properties"]
    found = [f"{path}: {name} is missing" for name in schema["required"] if name not in value]
    found += [f"{path}: {name} is not in the schema" for name in value if name not in properties]
    for name in value.keys() & properties.keys():
        found += mismatches(value[name], properties[name], f"{path}.{name}")
    return found
