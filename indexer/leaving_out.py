"""Importing a library without another that it would bring along for something that is never called here."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


@contextmanager
def leaving_out(module: str, *functions: str) -> Iterator[None]:
    """Let what is imported meanwhile take these functions of a module without loading it.

    Called all the same, a function loads the module then.

    Args:
        module: by its full name; those that it is in are left out too. One that is loaded stays as it is.
    """
    parts = module.split(".")
    names = [".".join(parts[: end + 1]) for end in range(len(parts))]
    missing = [name for name in names if name not in sys.modules]
    for name in missing:
        sys.modules[name] = _empty(name)
    for function in functions if module in missing else ():
        setattr(sys.modules[module], function, _late(module, function))
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]


def _empty(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    module.__path__ = []
    return module


def _late(module: str, function: str) -> Any:
    def call(*arguments: Any, **named: Any) -> Any:
        return getattr(import_module(module), function)(*arguments, **named)

    return call
