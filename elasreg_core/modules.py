"""Tables that fill themselves: adding a data set layout, a regularizer or a tissue is adding one file to its folder."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType


def modules_with(package: str, constant: str) -> tuple[ModuleType, ...]:
    """The modules of a package that define a constant, in the order of their names.

    Args:
        package: its full name; called from the package's own `__init__`, its modules may import from the package what
            is defined before the call.
        constant: what each of them is to say of itself, e.g. "LAYOUT".

    Example:
        >>> [module.LAYOUT.name for module in modules_with("elasreg_core.data.datasets", "LAYOUT")]
        ['acdc', 'lungct', 'nlst', 'pairs']
    """
    names = sorted(info.name for info in pkgutil.iter_modules(import_module(package).__path__))
    modules = [import_module(f"{package}.{name}") for name in names]
    return tuple(module for module in modules if hasattr(module, constant))
