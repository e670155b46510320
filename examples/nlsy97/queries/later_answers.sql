-- The same questions in the rounds of 1998, 1999 and 2000, and grades told in 1998. Negative codes are missing: refusal, don't know, skip,
-- not interviewed. Given and known on the day of that round's interview.
SELECT person, x.i AS indicator, x.v AS value, asked_on AS happened_on, asked_on AS known_on FROM (
  SELECT p.id::VARCHAR AS person, DATE '1960-01-01' + p.intdate::INT AS asked_on, unnest(CASE p.year
    WHEN 1998 THEN [
      {'i': 'ever_drank', 'v': w.R2189900::DOUBLE}, {'i': 'days_drank', 'v': w.R2190300::DOUBLE},
      {'i': 'drinks_per_day', 'v': w.R2190400::DOUBLE}, {'i': 'days_five_drinks', 'v': w.R2190500::DOUBLE},
      {'i': 'grades_8th', 'v': w.R1700500::DOUBLE}, {'i': 'grades_high_school', 'v': w.R1701100::DOUBLE}]
    WHEN 1999 THEN [
      {'i': 'ever_drank', 'v': w.R3509000::DOUBLE}, {'i': 'days_drank', 'v': w.R3509400::DOUBLE},
      {'i': 'drinks_per_day', 'v': w.R3509500::DOUBLE}, {'i': 'days_five_drinks', 'v': w.R3509600::DOUBLE}]
    ELSE [
      {'i': 'ever_drank', 'v': w.R4907100::DOUBLE}, {'i': 'days_drank', 'v': w.R4907500::DOUBLE},
      {'i': 'drinks_per_day', 'v': w.R4907600::DOUBLE}, {'i': 'days_five_drinks', 'v': w.R4907700::DOUBLE}] END) AS x
  FROM raw_variables_wide w JOIN person_year p ON p.id = w.pubid
  WHERE p.year BETWEEN 1998 AND 2000 AND p.intdate IS NOT NULL)
WHERE x.v >= 0
