"""Refusals that only the service gives. Status codes are mapped in `serving/api/problems.py`.

======= =========================================================== ====
TID701  the case's state does not allow this step                    409
TID702  the proposal was asked for before the own view is saved      409
TID703  a text is too short                                          422
TID704  a reason was used before in another case                     409
TID705  the case changed since it was read                           412
TID706  a second reader has to look first                            409
TID707  a text holds what looks like a national identity number      422
TID708  the content of this case was purged or erased                409
TID710  no such case here                                            404
TID711  nobody is logged in                                          401
TID712  this role may not do this                                    403
TID713  the CSRF token is missing or wrong                           403
TID714  login refused                                                401
TID715  too many login attempts                                      429
TID716  demo accounts are refused                                    403
TID717  no one person may hold both roles                            409
TID718  the change did not say which version it was made from        428
TID719  the database's schema is not of this version                 503
======= =========================================================== ====
"""

from __future__ import annotations

from features.errors import ReviewError


class NotFoundError(ReviewError):
    """There is no such thing here for this person. The same words whether it exists elsewhere or not at all."""

    def __init__(self, what: str = "case") -> None:
        super().__init__("TID710", f"no such {what} here. Look it up in your own list.")


class NotLoggedInError(ReviewError):
    """Nobody is logged in, or the session ran out."""

    def __init__(self) -> None:
        super().__init__("TID711", "nobody is logged in, or the session ran out. Log in and try again.")


class NotAllowedError(ReviewError):
    """The role does not have this permission."""

    def __init__(self, role: str, action: str) -> None:
        super().__init__("TID712", f"the role {role} may not {action.replace('_', ' ')}. See the permission matrix for who may.")


class CaseChangedError(ReviewError):
    """Somebody else changed the case since it was read."""

    def __init__(self) -> None:
        super().__init__("TID705", "the case changed since you read it. Read it again, then decide whether your change still fits.")
