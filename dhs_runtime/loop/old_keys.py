"""Translates the keys of loop-dhs' older files into the names used here.

The old forms come from the public history of loop-dhs and of pydhsfw, its predecessor.
"""

import contextlib
from typing import Final
from urllib.parse import urlsplit

from dhs_runtime.process.config_file import ConfigFileError, Mistake
from dhs_runtime.process.yaml_values import YamlPlace, YamlSection

NAMES: Final = {
    "debug_dir": "save_image_dir",
    "image_save_dir": "save_image_dir",
    "jpeg_receiver_host": "jpeg_receiver.host",
    "jpeg_receiver_port": "jpeg_receiver.port",
    "gcp_automl_docker_host": "automl.host",
    "gcp_automl_docker_port": "automl.port",
}
URL: Final = "edgeurl"
"""The inference server as a URL, in the oldest form.

Its path belonged to a program that has been replaced, and is not used.
"""
OLD_KEYS: Final = (*NAMES, URL)


def with_new_names(values: YamlSection, file: str) -> tuple[YamlSection, dict[str, str]]:
    """The section with the new keys, and the old key of each that was renamed.

    Raises:
        ConfigFileError: Two keys have the same meaning.
    """
    renamed = YamlSection(values.line)
    old_names: dict[str, str] = {}
    for key in values:
        if key not in OLD_KEYS:
            value = values[key]
            renamed.put(key, _copy(value), values.places[key])
    for key in sorted(values.keys() & set(OLD_KEYS), key=lambda key: values.places[key].line):
        place = values.places[key]
        for new, value in _meant(str(key), values[key]):
            if not _enter(renamed, new, value, place):
                reason = f"this key is doubled; {old_names.get(new, new)} says the same"
                raise ConfigFileError(file, [Mistake(str(key), reason, place.line)])
            old_names[new] = str(key)
    return renamed, old_names


def unused_words(values: YamlSection) -> list[str]:
    """One line for each value in a section that is read but not used."""
    path = urlsplit(str(values.get(URL, ""))).path.strip("/")
    return [f"{URL}: the path /{path} in it is not used; see automl.model"] if path else []


def _copy(value: object) -> object:
    """A copy of a section, so that adding keys does not change the original."""
    return value.joined_with("") if isinstance(value, YamlSection) else value


def _meant(key: str, value: object) -> list[tuple[str, object]]:
    if key != URL:
        return [(NAMES[key], value)]
    with contextlib.suppress(ValueError):
        if isinstance(value, str):
            url = urlsplit(value)
            return [("automl.host", url.hostname or value), ("automl.port", url.port or 80)]
    return [("automl.host", value)]  # this is refused when the section is checked


def _enter(section: YamlSection, path: str, value: object, place: YamlPlace) -> bool:
    name, _, inner = path.partition(".")
    if not inner:
        if name in section:
            return False
        section.put(name, value, place)
        return True
    if name not in section:
        section.put(name, YamlSection(place.line), place)
    below = section[name]
    return isinstance(below, YamlSection) and _enter(below, inner, value, place)
