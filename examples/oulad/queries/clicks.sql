-- Clicks per day, in all and by kind of material; repeated (student, site, date) rows are legitimate and are summed.
WITH v AS (
  SELECT concat_ws('|', s.id_student, s.code_module, s.code_presentation) AS enrolment,
    CASE right(s.code_presentation, 1) WHEN 'B' THEN make_date(left(s.code_presentation, 4)::INT, 2, 1)
      ELSE make_date(left(s.code_presentation, 4)::INT, 10, 1) END + s.date::INT AS day,
    CASE WHEN k.activity_type IN ('forumng', 'oucontent', 'quiz', 'resource') THEN k.activity_type
      ELSE 'other' END AS kind, s.id_site, s.sum_click
  FROM studentVle s JOIN vle k USING (id_site, code_module, code_presentation)
), g AS (
  SELECT enrolment, day, kind, grouping(kind) AS total, sum(sum_click) AS clicks, count(DISTINCT id_site) AS sites
  FROM v GROUP BY GROUPING SETS ((enrolment, day, kind), (enrolment, day))
)
SELECT enrolment, CASE total WHEN 1 THEN 'clicks' ELSE 'clicks_' || kind END AS indicator, clicks::DOUBLE AS value,
  day AS happened_on, day AS known_on FROM g WHERE total = 1 OR kind <> 'other'
UNION ALL SELECT enrolment, 'sites', sites, day, day FROM g WHERE total = 1
