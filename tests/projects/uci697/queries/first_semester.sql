SELECT row_number() OVER ()::VARCHAR AS person, DATE '2019-01-31' AS happened_on, DATE '2019-01-31' AS known_on,
  "Curricular units 1st sem (credited)", "Curricular units 1st sem (enrolled)", "Curricular units 1st sem (evaluations)", "Curricular units 1st sem (approved)", "Curricular units 1st sem (grade)", "Curricular units 1st sem (without evaluations)"
FROM data
