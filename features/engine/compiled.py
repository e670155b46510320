"""How the kernel's loops are compiled: ahead of their first run, kept on disk, and free of the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(loop: Loop) -> Loop:
    """Compile a loop over arrays to machine code, the first time that it runs.

    Notes
    -----
    It runs without the interpreter's lock, so that threads run side by side. Compiled code is kept in ``__pycache__``, or in the user's
    cache folder where that can't be written, and is made anew when the file that holds the loop changes: therefore loops that call one
    another stand in one file. Where neither can be written, as in a read-only container, every process compiles for itself, which takes
    seconds. Rounding is that of IEEE 754; nothing is reordered.
    """
    try:
        return cast("Loop", numba.njit(nogil=True, cache=True, error_model="numpy")(loop))
    except RuntimeError:  # raised here, before anything is compiled, when there is no folder to keep the code in
        return cast("Loop", numba.njit(nogil=True, error_model="numpy")(loop))
