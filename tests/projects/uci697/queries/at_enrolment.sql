SELECT row_number() OVER ()::VARCHAR AS person, DATE '2018-09-01' AS happened_on, DATE '2018-09-01' AS known_on,
  "Application mode", "Application order", "Course", "Daytime/evening attendance", "Previous qualification", "Previous qualification (grade)", "Mother's qualification", "Father's qualification", "Mother's occupation", "Father's occupation", "Admission grade", "Displaced", "Scholarship holder", "Age at enrollment", "Unemployment rate", "Inflation rate", "GDP"
FROM data
