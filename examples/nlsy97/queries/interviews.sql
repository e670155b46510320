-- The first interview; dates are days since 1960-01-01.
SELECT id::VARCHAR AS person, 'first_interview' AS indicator, 1.0 AS value, day AS happened_on, day AS known_on FROM (
  SELECT id, DATE '1960-01-01' + intdate::INT AS day FROM person_year WHERE year = 1997 AND intdate IS NOT NULL)
