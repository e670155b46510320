-- Columns of the published figures that no servable model may use: protected attributes, and work as though known when the year was over.
SELECT person, x.i AS indicator, x.v AS value, day AS happened_on, day AS known_on FROM (
  SELECT w.pubid::VARCHAR AS person, DATE '1960-01-01' + p.intdate::INT AS day, unnest([
    {'i': 'sex', 'v': w.R0536300::VARCHAR},
    {'i': 'ethnicity', 'v': w.R1482600::VARCHAR},
    {'i': 'region', 'v': p.census_region},
    {'i': 'father_grade', 'v': w.R1302400::VARCHAR},
    {'i': 'mother_grade', 'v': w.R1302500::VARCHAR},
    {'i': 'home_father_grade', 'v': w.R1302600::VARCHAR},
    {'i': 'home_mother_grade', 'v': w.R1302700::VARCHAR},
    {'i': 'parents_education', 'v': p.p_edu}
  ]) AS x FROM raw_variables_wide w JOIN person_year p ON p.id = w.pubid AND p.year = 1997 WHERE p.intdate IS NOT NULL)
WHERE x.v IS NOT NULL AND x.v NOT LIKE '-%' AND NOT (x.i = 'region' AND x.v = 'Missing')
UNION ALL
SELECT person, x.i, x.v::VARCHAR, day, day FROM (
  SELECT id::VARCHAR AS person, make_date(year, 12, 31) AS day, unnest([
    {'i': 'year_weeks_without_work', 'v': job_n_unemp_outofLF::DOUBLE},
    {'i': 'year_hours_worked', 'v': job_year_hour::DOUBLE},
    {'i': 'year_hourly_wage', 'v': job_wage},
    {'i': 'year_neet', 'v': neet_year},
    {'i': 'year_in_college', 'v': CASE enroll WHEN 'Enrolled' THEN 1.0 WHEN 'Not enrolled' THEN 0.0 END},
    {'i': 'year_children', 'v': child_all}
  ]) AS x FROM person_year WHERE year <= 2000)
WHERE x.v >= 0
