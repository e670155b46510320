-- Categories known at registration, and the latest result of an earlier presentation: a withdrawal is known on the day of
-- unregistration, any other result at the end of that presentation.
WITH d AS (
  SELECT r.*, i.final_result, c.module_presentation_length AS len,
    concat_ws('|', r.id_student, r.code_module, r.code_presentation) AS enrolment,
    CASE right(r.code_presentation, 1) WHEN 'B' THEN make_date(left(r.code_presentation, 4)::INT, 2, 1)
      ELSE make_date(left(r.code_presentation, 4)::INT, 10, 1) END AS start
  FROM studentRegistration r
  JOIN studentInfo i USING (code_module, code_presentation, id_student)
  JOIN courses c USING (code_module, code_presentation)
  WHERE r.date_registration IS NOT NULL
), p AS (
  SELECT a.enrolment, b.final_result,
    CASE WHEN b.final_result = 'Withdrawn' AND b.date_unregistration IS NOT NULL THEN b.start + b.date_unregistration::INT
      ELSE b.start + b.len::INT END AS seen
  FROM d a JOIN d b ON a.id_student = b.id_student AND b.start < a.start
)
SELECT enrolment, 'module' AS indicator, code_module AS value, start + date_registration::INT AS happened_on,
  start + date_registration::INT AS known_on FROM d
UNION ALL SELECT DISTINCT enrolment, 'prior_result', final_result, seen, seen FROM p
