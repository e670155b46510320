-- The outcomes look over years that no predictor sees. `date_HS` repeats a lifetime value on every row: here it is the outcome.
SELECT id::VARCHAR AS person, 'diploma_status' AS indicator, CASE WHEN max(date_HS) IS NULL THEN 1.0 ELSE 2.0 END AS value,
  DATE '2022-12-31' AS happened_on, DATE '2022-12-31' AS known_on
FROM person_year WHERE bdate IS NOT NULL GROUP BY id
UNION ALL
SELECT id::VARCHAR, 'neet_status',
  CASE WHEN count(neet_year) < 4 THEN 3.0 WHEN sum(neet_year) >= 2 THEN 1.0 ELSE 2.0 END,
  make_date(max(bdate)::INT + 24, 12, 31), make_date(max(bdate)::INT + 25, 12, 31)
FROM person_year WHERE age BETWEEN 20 AND 24 AND bdate IS NOT NULL GROUP BY id
UNION ALL
SELECT id::VARCHAR, 'neet_2001_05_status',
  CASE WHEN count(neet_year) < 4 THEN 3.0 WHEN sum(neet_year) >= 2 THEN 1.0 ELSE 2.0 END, DATE '2005-12-31', DATE '2006-12-31'
FROM person_year WHERE year BETWEEN 2001 AND 2005 AND bdate IS NOT NULL GROUP BY id
