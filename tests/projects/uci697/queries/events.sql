SELECT row_number() OVER ()::VARCHAR AS person, 'enrolled' AS indicator, 1 AS value, DATE '2018-09-01' AS happened_on, DATE '2018-09-01' AS known_on
FROM data
UNION ALL
SELECT row_number() OVER ()::VARCHAR, 'target', CASE "Target" WHEN 'Dropout' THEN 1 WHEN 'Enrolled' THEN 2 WHEN 'Graduate' THEN 2 END,
  DATE '2021-08-31', DATE '2021-08-31'
FROM data
