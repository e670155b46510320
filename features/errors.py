"""The one tree of errors.

Every error that a user can cause or mend has a stable code. HTTP status and exit status are mapped at the edges
(`serving/http/problems.py` and `tidlig.py`), never here.

```
ScreeningError               TID000
├── ProjectError             TID1xx  a project folder is wrong               exit 3
├── PurposeError             TID2xx  no valid purpose or legal basis         exit 4
├── IntakeError              TID3xx  a source file is refused                exit 5
├── DataError                TID4xx  data present, but not enough or leaking exit 6
├── ModelError               TID5xx  a model can't be built, loaded, served  exit 7
├── GateError                TID6xx  a gate or signature is missing          exit 8
├── ReviewError              TID7xx  a case does not allow this now          exit 9
└── LedgerError              TID8xx  a ledger does not verify                exit 10
```
"""

from __future__ import annotations

from typing import ClassVar


class ScreeningError(Exception):
    """Say what was refused, where, what was expected and what to do; never a person's values.

    Parameters
    ----------
    code
        Stable code of this very refusal, such as ``"TID103"``.
    message
        One or two sentences for a person.

    Examples
    --------
    >>> str(ProjectError("TID101", "screening.toml is missing. Run `tidlig init`."))
    'TID101: screening.toml is missing. Run `tidlig init`.'
    """

    exit_status: ClassVar[int] = 1

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class ProjectError(ScreeningError):
    """A project folder is missing something or says something it may not say."""

    exit_status = 3


class PurposeError(ScreeningError):
    """There is no valid purpose, legal basis or switch for what was asked."""

    exit_status = 4


class IntakeError(ScreeningError):
    """A source file is refused as a whole; nothing of it was loaded."""

    exit_status = 5


class DataError(ScreeningError):
    """The data is there, but there is too little of it, it is missing a step, or it leaks."""

    exit_status = 6


class ModelError(ScreeningError):
    """A model can't be built, loaded or served."""

    exit_status = 7


class GateError(ScreeningError):
    """A gate failed or a signature is missing."""

    exit_status = 8


class ReviewError(ScreeningError):
    """A case does not allow this step now, or not by this person."""

    exit_status = 9


class LedgerError(ScreeningError):
    """A ledger does not verify: an entry was edited, removed, moved or cut off."""

    exit_status = 10
