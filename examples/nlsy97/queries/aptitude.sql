-- Armed Services Vocational Aptitude Battery, taken from summer 1997 to spring 1998. Its day is not published: it
-- counts as taken and known on 31 May 1998, so never earlier than it can have been.
SELECT id::VARCHAR AS person, 'aptitude_percentile' AS indicator, asvab AS value, day AS happened_on, day AS known_on FROM (
  SELECT id, asvab, DATE '1998-05-31' AS day FROM person_year WHERE year = 1997 AND asvab >= 0)
