-- One row a person; the birthday is not published, so it is set to the first of the month.
SELECT pubid::VARCHAR AS person, make_date(R0536402::INT, R0536401::INT, 1) AS born_on FROM raw_variables_wide
