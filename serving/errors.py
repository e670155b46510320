"""Refusals that only the service gives. Status codes are mapped in `serving/http/problems.py`.

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
TID730  the login was not begun here, was used or is too old         403
TID731  the identity provider's answer logs nobody in                403
TID732  the identity provider can't be used now                      503
TID733  the claims of who logged in give no role here                403
TID734  passwords are refused in production                          403
TID735  the bearer token is missing or does not stand                401
TID736  the bearer token lacks the scope                             403
TID737  the logout token does not stand, or was used before          400
TID738  the identity provider is not set up as it has to be          500
TID739  an account can't be made as described                        409
TID740  too many calls in a short time                               429
TID741  a cursor is not one that this list gave                      422
TID742  the idempotency key was used for another request             409
TID743  posted histories may not be scored as they are               422
TID744  the project has no such outcome at such a stage              422
TID745  the model is suspended and scores nobody                     409
TID746  other writers did not end in time                            503
TID747  metrics are not open to this caller                          403
TID748  a part of the service can't work                             503
TID749  an idempotency key is malformed                              422
TID720  a second reader has looked at this case already              409
TID721  the change was made before under the same idempotency key     409
TID722  an indicator is none of those that the case shows            422
TID723  the plain-language sheet has to be given first               422
TID724  a consent is not signed by whom the age rule asks for        422
TID725  a date lies outside what is allowed there                    422
TID726  a service is none of the project's                           422
TID727  there is no consent that covers this                         409
TID728  nobody of that name takes handovers here                     422
TID729  the young person was not heard                               422
TID770  proposals of this model are suspended                       409
TID771  this role can't turn this switch                             403
TID772  the project has no such model or municipality                422
TID776  another role answers for this incident                       403
TID777  the words of the score purpose are not approved               409
TID778  a purpose is approved, or not, as asked already               409
TID781  a deadline is set for what has none                          500
TID782  it is too early to evaluate                                  409
TID783  the proposal is held back until the decision (study mode)    409
TID784  nothing can be computed of this person any more              409
TID785  the store is not the one that the cases came from            409
TID786  the case was passed on and has to be opened first            409
TID787  nobody of that name can take the case over                   422
TID788  whoever took over a decided case is not shown its proposal   409
TID762  the anchor folder is not there                                –
TID750  the report would tell of a proposal that is not shown now    409
TID751  nobody is known under this subject id                         –
TID752  a file holds no key of a backup                               –
TID753  a backup does not open, or is not whole                       –
TID755  the store was replaced while it was being copied              –
TID756  a backup is made to, and restored into, an empty place only   –
TID757  a backup is of another version's schema                       –
TID760  an archive export does not fit Noark 5                        –
TID761  an exported case's folder holds something else                –
TID758  there is no identity vault, or it is not apart from the rest  409
TID759  who somebody is can't be found                                409
TID763  who a case is about is shown in an opened case only           409
TID764  a citizen who logs in can't be recognised here                503
TID766  the extract of guardians does not read                        –
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


class TooManyCallsError(ReviewError):
    """Somebody calls more often than is let through."""

    def __init__(self, *, retry_after: int) -> None:
        super().__init__("TID740", f"too many calls in a minute. Wait {retry_after} seconds, then go on more slowly.")
        self.retry_after = retry_after
        """Whole seconds until the next call may be let through."""
