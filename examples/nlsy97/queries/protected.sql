-- Protected attributes, as recorded in 1997: the fairness job's alone.
SELECT person, x.i AS indicator, x.v AS value, day AS happened_on, day AS known_on FROM (
  SELECT id::VARCHAR AS person, DATE '1960-01-01' + intdate::INT AS day, unnest([
    {'i': 'aud_sex', 'v': gender},
    {'i': 'aud_ethnicity', 'v': race},
    {'i': 'aud_region', 'v': census_region},
    {'i': 'aud_parents_education', 'v': p_edu}]) AS x
  FROM person_year WHERE year = 1997 AND intdate IS NOT NULL)
WHERE x.v IS NOT NULL
