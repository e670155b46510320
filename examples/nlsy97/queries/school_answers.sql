-- School, friends and habits, as the young person answered in 1997.
-- Negative codes are missing: refusal, don't know, skip, not interviewed. Given and known on the day of the first interview.
SELECT person, x.i AS indicator, x.v AS value, asked_on AS happened_on, asked_on AS known_on FROM (
  SELECT w.pubid::VARCHAR AS person, DATE '1960-01-01' + p.intdate::INT AS asked_on, unnest([
    {'i': 'teachers_good', 'v': w.R0069400::DOUBLE},
    {'i': 'feels_safe', 'v': w.R0070000::DOUBLE},
    {'i': 'ever_smoked', 'v': w.R0357900::DOUBLE},
    {'i': 'ever_drank', 'v': w.R0358300::DOUBLE},
    {'i': 'age_first_drink', 'v': w.R0358400::DOUBLE},
    {'i': 'days_drank', 'v': w.R0358500::DOUBLE},
    {'i': 'days_five_drinks', 'v': w.R0358700::DOUBLE},
    {'i': 'drinks_per_day', 'v': w.R0358600::DOUBLE},
    {'i': 'chance_diploma', 'v': w.R0514700::DOUBLE},
    {'i': 'chance_parent', 'v': w.R0514900::DOUBLE},
    {'i': 'chance_degree', 'v': w.R0515100::DOUBLE},
    {'i': 'enrolment_status', 'v': w.R1201400::DOUBLE},
    {'i': 'age_1996', 'v': w.R1194000::DOUBLE},
    {'i': 'metro_at_12', 'v': w.R1210500::DOUBLE},
    {'i': 'urban_at_12', 'v': w.R1217600::DOUBLE},
    {'i': 'ever_marijuana', 'v': w.R0358900::DOUBLE},
    {'i': 'enrolled', 'v': CASE WHEN w.R1201400 >= 0 THEN (w.R1201400 >= 8)::INT END::DOUBLE}
  ]) AS x
  FROM raw_variables_wide w JOIN person_year p ON p.id = w.pubid AND p.year = 1997
  WHERE p.intdate IS NOT NULL)
WHERE x.v >= 0
