-- The first interview; dates are days since 1960-01-01. And a record in July 2000 of everybody in the panel, which the stage `end_2000`
-- stands on: the next 31 December is its as-of date.
SELECT id::VARCHAR AS person, 'first_interview' AS indicator, 1.0 AS value, day AS happened_on, day AS known_on FROM (
  SELECT id, DATE '1960-01-01' + intdate::INT AS day FROM person_year WHERE year = 1997 AND intdate IS NOT NULL)
UNION ALL
SELECT DISTINCT id::VARCHAR, 'followed_2000', 1.0, DATE '2000-07-01', DATE '2000-07-01'
FROM person_year WHERE year = 1997 AND intdate IS NOT NULL
