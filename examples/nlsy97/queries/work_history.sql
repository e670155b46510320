-- Weeks and hours of work in each calendar year up to 2000. They are told in the first interview after the year, months later: known
-- then, and never known to the panel of somebody who was not interviewed again.
WITH told AS (
  SELECT p.*, (SELECT min(later.intdate) FROM person_year later
    WHERE later.id = p.id AND DATE '1960-01-01' + later.intdate::INT > make_date(p.year, 12, 31)) AS told_on
  FROM person_year p WHERE p.year <= 2000
)
SELECT person, x.i AS indicator, x.v AS value, happened_on, known_on FROM (
  SELECT id::VARCHAR AS person, make_date(year, 12, 31) AS happened_on, DATE '1960-01-01' + told_on::INT AS known_on, unnest([
    {'i': 'weeks_without_work', 'v': job_n_unemp_outofLF::DOUBLE},
    {'i': 'hours_worked', 'v': job_year_hour::DOUBLE},
    {'i': 'hourly_wage', 'v': job_wage},
    {'i': 'neet_year', 'v': neet_year}
  ]) AS x FROM told WHERE told_on IS NOT NULL)
WHERE x.v >= 0
