"""temporary"""


def write_finished_reviews(session, project):
    pass


def write_restrictions_table(session, project):
    pass


def write_scored_rows(project, scored, sid, *, proposed, as_of):
    pass
