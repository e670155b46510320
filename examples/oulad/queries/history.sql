-- Results of the same student's earlier presentations: a withdrawal is known on the day of unregistration,
-- any other result at the end of that presentation (its start + module_presentation_length). Scores count from the day of submission.
WITH d AS (
  SELECT r.*, i.final_result, c.module_presentation_length AS len,
    concat_ws('|', r.id_student, r.code_module, r.code_presentation) AS enrolment,
    CASE right(r.code_presentation, 1) WHEN 'B' THEN make_date(left(r.code_presentation, 4)::INT, 2, 1)
      ELSE make_date(left(r.code_presentation, 4)::INT, 10, 1) END AS start
  FROM studentRegistration r JOIN studentInfo i USING (code_module, code_presentation, id_student)
  JOIN courses c USING (code_module, code_presentation)
  WHERE r.date_registration IS NOT NULL
), p AS (
  SELECT a.enrolment, b.code_module AS module, b.code_presentation AS presentation, b.code_module || b.code_presentation AS record, b.id_student, b.start AS start,
    CASE b.final_result WHEN 'Withdrawn' THEN 0 WHEN 'Fail' THEN 1 WHEN 'Pass' THEN 2 ELSE 3 END AS result,
    CASE WHEN b.final_result = 'Withdrawn' AND b.date_unregistration IS NOT NULL THEN b.start + b.date_unregistration::INT
      ELSE b.start + b.len::INT END AS seen
  FROM d a JOIN d b ON a.id_student = b.id_student AND b.start < a.start
), s AS (
  SELECT p.enrolment, sa.id_assessment, sa.score, p.start + sa.date_submitted::INT AS seen
  FROM p JOIN assessments a ON a.code_module = p.module AND a.code_presentation = p.presentation
  JOIN studentAssessment sa ON sa.id_assessment = a.id_assessment AND sa.id_student = p.id_student
  WHERE sa.is_banked = 0 AND sa.score IS NOT NULL
)
SELECT enrolment, 'prior_passed' AS indicator, 1::DOUBLE AS value, seen AS happened_on, seen AS known_on, record FROM p WHERE result >= 2
UNION ALL SELECT enrolment, 'prior_failed', 1, seen, seen, record FROM p WHERE result < 2
UNION ALL SELECT enrolment, 'prior_score', score, seen, seen, id_assessment::VARCHAR FROM s
