-- Protected attributes: for the benchmark rows and for fairness only, never for a servable model (benchmark_only).
WITH d AS (
  SELECT concat_ws('|', r.id_student, r.code_module, r.code_presentation) AS enrolment, i.*,
    CASE right(r.code_presentation, 1) WHEN 'B' THEN make_date(left(r.code_presentation, 4)::INT, 2, 1)
      ELSE make_date(left(r.code_presentation, 4)::INT, 10, 1) END + r.date_registration::INT AS seen
  FROM studentRegistration r JOIN studentInfo i USING (code_module, code_presentation, id_student)
  WHERE r.date_registration IS NOT NULL
)
SELECT enrolment, x.i AS indicator, x.v::DOUBLE AS value, seen AS happened_on, seen AS known_on FROM (
  SELECT enrolment, seen, unnest([
    {'i': 'imd_band', 'v': try_cast(split_part(imd_band, '-', 1) AS INT) // 10},   -- 0 = most deprived; one band lacks its % sign
    {'i': 'disability', 'v': (disability = 'Y')::INT},
    {'i': 'age_band', 'v': CASE age_band WHEN '0-35' THEN 0 WHEN '35-55' THEN 1 ELSE 2 END}]) AS x FROM d)
WHERE x.v IS NOT NULL
