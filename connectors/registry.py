"""Which connectors are installed: the folders under connectors/platforms, and pip packages that name an entry point.

A package says  [project.entry-points."parley.connectors"]  mastodon = "parley_mastodon.connector:connector".
One that cannot be loaded is left out, with its reason; the others go on.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Final

import structlog

from connectors import platforms
from connectors.contract import Connector, Manifest
from inbox import platforms as descriptors

GROUP: Final = "parley.connectors"
_METHODS: Final = (
    "handshake", "verify", "items", "parse", "authorise", "exchange", "refresh", "subscribe", "send", "poll", "history",
    "profile", "media",
)  # fmt: skip

_log = structlog.get_logger(__name__)


class NotLoaded(LookupError):
    """A connector is missing or broken. The words are for the person who installs it."""


@dataclass(frozen=True, slots=True)
class _Plugin:
    key: str
    source: str
    manifest: Callable[[], Manifest]
    connector: Callable[[], Connector]


_lock = threading.RLock()
_plugins: dict[str, _Plugin] | None = None
_loaded: dict[str, Connector] = {}
_failures: dict[str, str] = {}


def register_manifests() -> None:
    """Find every connector and tell the inbox of its manifest. Cheap: of ours only manifests are imported."""
    with _lock:
        _found()


def get(key: str) -> Connector:
    """The connector of a platform. Raises NotLoaded with the reason."""
    with _lock:
        if key not in _loaded:
            _loaded[key] = _load(key)
        return _loaded[key]


def all() -> list[Connector]:
    """Every connector that loads, by key."""
    with _lock:
        found = []
        for key in sorted(_found()):
            try:
                found.append(get(key))
            except NotLoaded:
                continue
        return found


def failures() -> dict[str, str]:
    """What could not be loaded, and why."""
    with _lock:
        _found()
        return dict(_failures)


def forget() -> None:
    """Look again from the beginning at the next call (for tests, and after an installation)."""
    global _plugins
    with _lock:
        _plugins = None
        _loaded.clear()
        _failures.clear()


def _load(key: str) -> Connector:
    plugin = _found().get(key)
    if plugin is None:
        why = _failures.get(key)
        raise NotLoaded(f"The connector “{key}” could not be loaded: {why}" if why else _unknown(key))
    try:
        connector = plugin.connector()
        _check(connector, key)
    except Exception as error:
        _fail(key, plugin.source, error)
        raise NotLoaded(f"The connector “{key}” could not be loaded: {_failures[key]}") from error
    return connector


def _unknown(key: str) -> str:
    installed = ", ".join(sorted(_found())) or "none"
    return f"No connector for “{key}” is installed (installed: {installed})."


def _found() -> dict[str, _Plugin]:
    global _plugins
    if _plugins is None:
        _plugins = {}
        for plugin in [*_folders(), *_packages()]:
            _add(plugin)
    return _plugins


def _add(plugin: _Plugin) -> None:
    assert _plugins is not None
    try:
        if plugin.key in _plugins:
            raise ValueError(f"{_plugins[plugin.key].source} has this key already")
        manifest = plugin.manifest()
        if manifest.key != plugin.key:
            raise ValueError(f"its manifest says “{manifest.key}”")
    except Exception as error:
        # A plug-in may fail in any way at all; that is its own affair and not the reason to fall silent on every network.
        _fail(plugin.key if plugin.key not in _plugins else plugin.source, plugin.source, error)
        return
    _plugins[plugin.key] = plugin
    descriptors.register(manifest)


def _fail(key: str, source: str, error: Exception) -> None:
    _failures[key] = f"{source}: {type(error).__name__}: {error}"
    _log.error("connector_not_loaded", connector=key, reason=_failures[key])


def _folders() -> list[_Plugin]:
    names = [module.name for module in pkgutil.iter_modules(platforms.__path__) if module.ispkg]
    return [_folder(name) for name in sorted(names)]


def _folder(name: str) -> _Plugin:
    base = f"{platforms.__name__}.{name}"

    def manifest() -> Manifest:
        found = importlib.import_module(f"{base}.manifest").MANIFEST
        if not isinstance(found, Manifest):
            raise TypeError("MANIFEST is no Manifest")
        return found

    def connector() -> Connector:
        found: Connector = importlib.import_module(f"{base}.connector").connector
        return found

    return _Plugin(name, base, manifest, connector)


def _packages() -> list[_Plugin]:
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):

        def connector(load: Callable[[], Connector] = point.load) -> Connector:
            return load()

        def manifest(load: Callable[[], Connector] = connector) -> Manifest:
            return load().manifest

        found.append(_Plugin(point.name, point.value, manifest, connector))
    return found


def _check(connector: Connector, key: str) -> None:
    missing = [name for name in _METHODS if not callable(getattr(connector, name, None))]
    if missing:
        raise TypeError(f"it has no {', '.join(missing)}")
    if not isinstance(getattr(connector, "manifest", None), Manifest) or connector.manifest.key != key:
        raise TypeError("its manifest is missing or has another key")
    if not hasattr(connector, "origins"):
        raise TypeError("it has no origins")
