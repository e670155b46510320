-- Each week against the others of the same module and presentation, zeros included; known when the week is over.
-- Week 0 is everything before the start (known the day before it); no weeks after day 125, no feature looks there.
WITH e AS (
  SELECT r.*, concat_ws('|', r.id_student, r.code_module, r.code_presentation) AS enrolment,
    CASE right(r.code_presentation, 1) WHEN 'B' THEN make_date(left(r.code_presentation, 4)::INT, 2, 1)
      ELSE make_date(left(r.code_presentation, 4)::INT, 10, 1) END AS start
  FROM studentRegistration r WHERE r.date_registration IS NOT NULL
), c AS (
  SELECT s.id_student, s.code_module, s.code_presentation, CASE WHEN date < 0 THEN 0 ELSE date // 7 + 1 END AS week,
    sum(sum_click) AS clicks, count(DISTINCT date) AS days, count(DISTINCT id_site) AS sites,
    sum(sum_click) FILTER (WHERE activity_type = 'forumng') AS forum,
    sum(sum_click) FILTER (WHERE activity_type IN ('oucontent', 'resource', 'page', 'url', 'subpage')) AS content,
    sum(sum_click) FILTER (WHERE activity_type IN ('quiz', 'externalquiz')) AS quiz
  FROM studentVle s JOIN vle k USING (id_site, code_module, code_presentation) WHERE date < 126 GROUP BY ALL
), w AS (       -- those registered and not withdrawn on the last day of the week, and the clicks of all weeks so far
  SELECT e.enrolment, e.code_module, e.code_presentation, e.start, k.week,
    coalesce(c.clicks, 0) AS clicks, coalesce(c.days, 0) AS days, coalesce(c.sites, 0) AS sites,
    sum(coalesce(c.clicks, 0)) OVER h AS clicks_so_far, sum(coalesce(c.days, 0)) OVER h AS days_so_far,
    sum(coalesce(c.sites, 0)) OVER h AS sites_so_far, sum(coalesce(c.forum, 0)) OVER h AS forum_so_far,
    sum(coalesce(c.content, 0)) OVER h AS content_so_far, sum(coalesce(c.quiz, 0)) OVER h AS quiz_so_far
  FROM e CROSS JOIN (SELECT unnest(range(0, 19)) AS week) k LEFT JOIN c USING (id_student, code_module, code_presentation, week)
  WHERE e.date_registration <= k.week * 7 - 1 AND (e.date_unregistration IS NULL OR e.date_unregistration > k.week * 7 - 1)
  WINDOW h AS (PARTITION BY e.enrolment ORDER BY k.week)
), r AS (
  SELECT enrolment, start + (week * 7 - 1)::INT AS seen, week, clicks, days,
    ((rank() OVER (p ORDER BY clicks) + count(*) OVER (p ORDER BY clicks)) / 2.0) / count(*) OVER p AS clicks_rank,
    ((rank() OVER (p ORDER BY clicks_so_far) + count(*) OVER (p ORDER BY clicks_so_far)) / 2.0) / count(*) OVER p AS so_far_rank,
    ((rank() OVER (p ORDER BY days_so_far) + count(*) OVER (p ORDER BY days_so_far)) / 2.0) / count(*) OVER p AS days_rank,
    ((rank() OVER (p ORDER BY sites_so_far) + count(*) OVER (p ORDER BY sites_so_far)) / 2.0) / count(*) OVER p AS sites_rank,
    ((rank() OVER (p ORDER BY forum_so_far) + count(*) OVER (p ORDER BY forum_so_far)) / 2.0) / count(*) OVER p AS forum_rank,
    ((rank() OVER (p ORDER BY content_so_far) + count(*) OVER (p ORDER BY content_so_far)) / 2.0) / count(*) OVER p AS content_rank,
    ((rank() OVER (p ORDER BY quiz_so_far) + count(*) OVER (p ORDER BY quiz_so_far)) / 2.0) / count(*) OVER p AS quiz_rank,
    ln(1 + clicks) - avg(ln(1 + clicks)) OVER p AS rel
  FROM w WINDOW p AS (PARTITION BY code_module, code_presentation, week)
)
SELECT enrolment, x.i AS indicator, x.v::DOUBLE AS value, seen AS happened_on, seen AS known_on FROM (
  SELECT enrolment, seen, unnest([{'i': 'week_clicks_rank', 'v': clicks_rank}, {'i': 'clicks_rank', 'v': so_far_rank},
    {'i': 'days_rank', 'v': days_rank}, {'i': 'sites_rank', 'v': sites_rank},
    {'i': 'forum_rank', 'v': forum_rank}, {'i': 'content_rank', 'v': content_rank}, {'i': 'quiz_rank', 'v': quiz_rank},
    {'i': 'week_clicks_rel', 'v': rel},
    {'i': 'week_days', 'v': days}]) AS x FROM r)
