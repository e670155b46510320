-- Start, unregistration and final result. B presentations start on 1 February, J on 1 October (the data gives days only).
-- A result is known when the presentation ends, a withdrawal's too: else the early labels would all be withdrawals.
WITH d AS (
  SELECT r.*, c.module_presentation_length AS len, i.final_result,
    concat_ws('|', r.id_student, r.code_module, r.code_presentation) AS enrolment,
    CASE right(r.code_presentation, 1) WHEN 'B' THEN make_date(left(r.code_presentation, 4)::INT, 2, 1)
      ELSE make_date(left(r.code_presentation, 4)::INT, 10, 1) END AS start
  FROM studentRegistration r
  JOIN courses c USING (code_module, code_presentation)
  JOIN studentInfo i USING (code_module, code_presentation, id_student)
  WHERE r.date_registration IS NOT NULL
)
SELECT enrolment, 'started' AS indicator, 1::DOUBLE AS value, start AS happened_on, start + date_registration::INT AS known_on FROM d
UNION ALL SELECT enrolment, 'unregistered', 1, start + date_unregistration::INT, start + date_unregistration::INT
  FROM d WHERE date_unregistration IS NOT NULL
UNION ALL SELECT enrolment, 'final_result',
    CASE final_result WHEN 'Withdrawn' THEN 1 WHEN 'Fail' THEN 2 WHEN 'Pass' THEN 3 ELSE 4 END, start + len::INT, start + len::INT
  FROM d
