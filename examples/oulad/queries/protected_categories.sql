-- Protected categories, known at registration.
WITH d AS (
  SELECT concat_ws('|', r.id_student, r.code_module, r.code_presentation) AS enrolment, i.region, i.gender,
    CASE right(r.code_presentation, 1) WHEN 'B' THEN make_date(left(r.code_presentation, 4)::INT, 2, 1)
      ELSE make_date(left(r.code_presentation, 4)::INT, 10, 1) END + r.date_registration::INT AS seen
  FROM studentRegistration r JOIN studentInfo i USING (code_module, code_presentation, id_student)
  WHERE r.date_registration IS NOT NULL
)
SELECT enrolment, 'region' AS indicator, region AS value, seen AS happened_on, seen AS known_on FROM d
UNION ALL SELECT enrolment, 'sex', gender, seen, seen FROM d
