-- Family and household, as parent and young person answered in 1997.
-- Negative codes are missing: refusal, don't know, skip, not interviewed. Given and known on the day of the first interview.
SELECT person, x.i AS indicator, x.v AS value, asked_on AS happened_on, asked_on AS known_on FROM (
  SELECT w.pubid::VARCHAR AS person, DATE '1960-01-01' + p.intdate::INT AS asked_on, unnest([
    {'i': 'hard_times', 'v': w.R0648900::DOUBLE},
    {'i': 'early_child_care', 'v': w.R0649100::DOUBLE},
    {'i': 'mother_age_first_child', 'v': CASE WHEN w.R1200100 BETWEEN 10 AND 60 THEN w.R1200100 END::DOUBLE},
    {'i': 'mother_age', 'v': CASE WHEN w.R1200200 BETWEEN 10 AND 60 THEN w.R1200200 END::DOUBLE},
    {'i': 'household_net_worth', 'v': w.R1204700::DOUBLE},
    {'i': 'both_biological_parents', 'v': w.R0532200::DOUBLE},
    {'i': 'family_routines', 'v': w.R1485600::DOUBLE},
    {'i': 'mother_monitoring', 'v': w.R1485700::DOUBLE},
    {'i': 'father_monitoring', 'v': w.R1485800::DOUBLE},
    {'i': 'limits_set', 'v': w.R1486100::DOUBLE},
    {'i': 'limits_broken', 'v': w.R1486300::DOUBLE},
    {'i': 'lives_with', 'v': w.R1205300::DOUBLE},
    {'i': 'lived_with_at_12', 'v': w.R1205000::DOUBLE},
    {'i': 'parents_get_on_mother', 'v': w.R1484900::DOUBLE},
    {'i': 'parents_get_on_father', 'v': w.R1485000::DOUBLE},
    {'i': 'limits_set_parent', 'v': w.R1486200::DOUBLE},
    {'i': 'limits_broken_parent', 'v': w.R1486400::DOUBLE}
  ]) AS x
  FROM raw_variables_wide w JOIN person_year p ON p.id = w.pubid AND p.year = 1997
  WHERE p.intdate IS NOT NULL)
WHERE x.v >= 0
