-- One row per enrolment: a student in one presentation of one module. Rows of one student belong to one human being.
SELECT concat_ws('|', id_student, code_module, code_presentation) AS enrolment, id_student::VARCHAR AS id_student
FROM studentRegistration WHERE date_registration IS NOT NULL
