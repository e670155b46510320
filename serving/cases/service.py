"""What each step of a review does. One case at a time; every call writes its entry to the log in the same transaction.

Contract for pages and routes (all take a `Desk`; a `CaseForReview` or `CaseInQueue` comes only from `serving.permissions`)::

    list_queue(desk) -> list[QueueRow]                                  permissions: any role with Action.LIST_CASES
    read_case(desk, case_id) -> CasePage                                logs the read; 404 (NotFound) for another's case
    assign(desk, case_id, *, version) -> CasePage                       takes a new case for the one who asks
    open_case(desk, case_id, *, need_to_know, version) -> CasePage      need_to_know: at least 10 characters, sealed
    save_own_view(desk, case_id, *, text, inclination, version) -> CasePage     text: at least 10 characters
    decide(desk, case_id, *, step, reason, version) -> CasePage         step: one of states.DECISIONS; reason: at least 30 characters
    close(desk, case_id, *, version) -> CasePage
    register_objection(desk, case_id, *, statement, version) -> CasePage        the same moment: STANSET, restriction written

`version` is `CasePage.version` as last shown. Refusals are ReviewErrors with the codes of `serving.errors`.
"""
