-- What each round up to 2000 found on the day of its interview.
SELECT person, x.i AS indicator, x.v AS value, asked_on AS happened_on, asked_on AS known_on FROM (
  SELECT id::VARCHAR AS person, DATE '1960-01-01' + intdate::INT AS asked_on, unnest([
    {'i': 'in_college', 'v': CASE enroll WHEN 'Enrolled' THEN 1.0 WHEN 'Not enrolled' THEN 0.0 END},
    {'i': 'married', 'v': CASE fm_status WHEN 'Married' THEN 1.0 WHEN 'Not married' THEN 0.0 END},
    {'i': 'children', 'v': child_all},
    {'i': 'metropolitan', 'v': CASE census_msa WHEN 'MSA' THEN 1.0 WHEN 'Non-MSA' THEN 0.0 END}
  ]) AS x FROM person_year WHERE year <= 2000 AND intdate IS NOT NULL)
WHERE x.v >= 0
