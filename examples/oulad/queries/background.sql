-- What is known about an enrolment when it is registered, and the student's other registrations.
WITH e AS (
  SELECT r.*, i.num_of_prev_attempts, i.studied_credits, i.highest_education,
    concat_ws('|', r.id_student, r.code_module, r.code_presentation) AS enrolment,
    CASE right(r.code_presentation, 1) WHEN 'B' THEN make_date(left(r.code_presentation, 4)::INT, 2, 1)
      ELSE make_date(left(r.code_presentation, 4)::INT, 10, 1) END AS start
  FROM studentRegistration r JOIN studentInfo i USING (code_module, code_presentation, id_student)
  WHERE r.date_registration IS NOT NULL
), d AS (SELECT *, start + date_registration::INT AS registered,
           start + date_unregistration::INT AS unregistered FROM e
), own AS (
  SELECT enrolment, registered AS seen, unnest([
    {'i': 'season', 'v': (right(code_presentation, 1) = 'J')::INT::DOUBLE},
    {'i': 'credits', 'v': studied_credits::DOUBLE},
    {'i': 'previous_attempts', 'v': num_of_prev_attempts::DOUBLE},
    {'i': 'education', 'v': CASE highest_education WHEN 'No Formal quals' THEN 0 WHEN 'Lower Than A Level' THEN 1
        WHEN 'A Level or Equivalent' THEN 2 WHEN 'HE Qualification' THEN 3 ELSE 4 END::DOUBLE},
    {'i': 'registration_lead', 'v': -date_registration::DOUBLE}]) AS x
  FROM d
), ranked AS (  -- place in the order of registrations among those registered by the day before the start
  SELECT enrolment, start - 1 AS seen,
    percent_rank() OVER (PARTITION BY code_module, code_presentation ORDER BY date_registration) AS v
  FROM d WHERE date_registration <= -1 AND (date_unregistration IS NULL OR date_unregistration > -1)
), other AS (   -- the same student's registrations on other modules or presentations
  SELECT a.enrolment, a.start, b.code_module || b.code_presentation AS record, b.registered, b.unregistered,
    b.start AS other_start, c.module_presentation_length AS len
  FROM d a JOIN d b ON a.id_student = b.id_student AND a.enrolment <> b.enrolment
  JOIN courses c ON c.code_module = b.code_module AND c.code_presentation = b.code_presentation
)
SELECT enrolment, x.i AS indicator, x.v AS value, seen AS happened_on, seen AS known_on, NULL::VARCHAR AS record FROM own
UNION ALL SELECT enrolment, 'registration_rank', v, seen, seen, NULL FROM ranked
UNION ALL SELECT enrolment, 'concurrent_module', 1, registered, registered, record FROM other
  WHERE other_start = start
UNION ALL SELECT enrolment, 'overlapping_module', 1, registered, registered, record FROM other
  WHERE other_start < start AND other_start + len::INT > start
UNION ALL SELECT enrolment, 'concurrent_withdrawn', 1, unregistered, unregistered, record FROM other
  WHERE other_start >= start - 250 AND other_start <= start AND unregistered IS NOT NULL
