SELECT row_number() OVER ()::VARCHAR AS person, DATE '2019-06-30' AS happened_on, DATE '2019-06-30' AS known_on,
  "Curricular units 2nd sem (credited)", "Curricular units 2nd sem (enrolled)", "Curricular units 2nd sem (evaluations)", "Curricular units 2nd sem (approved)", "Curricular units 2nd sem (grade)", "Curricular units 2nd sem (without evaluations)", "Debtor", "Tuition fees up to date"
FROM data
