-- Coursework of this enrolment. A score counts from date_submitted (there is no marking date); a banked score is known at
-- registration; a missed deadline and a running score are known the day after the due date.
WITH e AS (
  SELECT r.*, concat_ws('|', r.id_student, r.code_module, r.code_presentation) AS enrolment,
    CASE right(r.code_presentation, 1) WHEN 'B' THEN make_date(left(r.code_presentation, 4)::INT, 2, 1)
      ELSE make_date(left(r.code_presentation, 4)::INT, 10, 1) END AS start
  FROM studentRegistration r WHERE r.date_registration IS NOT NULL
), a AS (       -- one row per assessment; an unknown due date (most exams) never counts as missed
  SELECT *, CASE WHEN assessment_type = 'Exam' THEN NULL ELSE date END AS due FROM assessments
), x AS (
  SELECT e.enrolment, e.start, e.date_registration AS reg, e.date_unregistration AS unreg, a.id_assessment, a.assessment_type, a.weight, a.due,
    s.date_submitted AS sub, s.score, coalesce(s.is_banked, 0) AS banked
  FROM e JOIN a USING (code_module, code_presentation)
  LEFT JOIN studentAssessment s ON s.id_assessment = a.id_assessment AND s.id_student = e.id_student
), own AS (SELECT * FROM x WHERE sub IS NOT NULL AND banked = 0
), missed AS (
  SELECT * FROM x WHERE due IS NOT NULL AND due >= reg AND (sub IS NULL OR sub > due) AND (unreg IS NULL OR unreg > due)
), cum AS (     -- cumulative mean and spread of the marks handed in up to each day
  SELECT id_assessment, seen, sum(n) OVER w AS n, sum(sm) OVER w AS sm, sum(sq) OVER w AS sq
  FROM (SELECT id_assessment, greatest(sub, coalesce(due, sub)) AS seen, count(*) AS n, sum(score) AS sm, sum(score * score) AS sq
        FROM own WHERE score IS NOT NULL GROUP BY ALL)
  WINDOW w AS (PARTITION BY id_assessment ORDER BY seen)
), rel AS (
  SELECT o.enrolment, o.id_assessment, o.start + c.seen::INT AS seen,
    (o.score - c.sm / c.n) / greatest(5, sqrt(greatest(0, c.sq / c.n - (c.sm / c.n) ** 2))) AS z
  FROM own o JOIN cum c ON c.id_assessment = o.id_assessment AND c.seen = greatest(o.sub, coalesce(o.due, o.sub))
  WHERE o.score IS NOT NULL
), days AS (    -- the days on which the running totals change: the day after each due date, and late submissions
  SELECT DISTINCT enrolment, start, due + 1 AS d FROM x WHERE due IS NOT NULL AND due < 200
), run AS (
  SELECT d.enrolment, d.start, d.d,
    sum(CASE WHEN x.sub < d.d THEN greatest(x.weight, 1) * coalesce(x.score, 0) END) AS got,
    sum(greatest(x.weight, 1)) AS could,
    avg(CASE WHEN x.sub < d.d THEN 1.0 ELSE 0 END) AS share
  FROM days d JOIN x ON x.enrolment = d.enrolment AND x.due < d.d GROUP BY ALL
)
SELECT enrolment, 'score' AS indicator, score::DOUBLE AS value, start + sub::INT AS happened_on, start + sub::INT AS known_on,
    id_assessment::VARCHAR AS record
  FROM own WHERE score IS NOT NULL
UNION ALL SELECT enrolment, 'score_tma', score, start + sub::INT, start + sub::INT, id_assessment::VARCHAR
  FROM own WHERE score IS NOT NULL AND assessment_type = 'TMA'
UNION ALL SELECT enrolment, 'score_cma', score, start + sub::INT, start + sub::INT, id_assessment::VARCHAR
  FROM own WHERE score IS NOT NULL AND assessment_type = 'CMA'
UNION ALL SELECT enrolment, 'submission_lead', due - sub, start + sub::INT, start + sub::INT, id_assessment::VARCHAR FROM own WHERE due IS NOT NULL
UNION ALL SELECT enrolment, 'submitted_late', 1, start + sub::INT, start + sub::INT, id_assessment::VARCHAR FROM own WHERE sub > due
UNION ALL SELECT enrolment, 'score_vs_peers', z, seen, seen, id_assessment::VARCHAR FROM rel
UNION ALL SELECT enrolment, 'banked_score', score, start + greatest(reg, -30)::INT, start + greatest(reg, -30)::INT, id_assessment::VARCHAR
  FROM x WHERE banked = 1 AND score IS NOT NULL
UNION ALL SELECT enrolment, 'missed', 1, start + due::INT + 1, start + due::INT + 1, id_assessment::VARCHAR FROM missed
UNION ALL SELECT enrolment, 'missed_weight', weight, start + due::INT + 1, start + due::INT + 1, id_assessment::VARCHAR FROM missed
UNION ALL SELECT enrolment, 'running_score', coalesce(got, 0) / could, start + d::INT, start + d::INT, NULL FROM run
UNION ALL SELECT enrolment, 'share_submitted', share, start + d::INT, start + d::INT, NULL FROM run
ORDER BY enrolment, record  -- two scores of one day keep one order, whatever the machine: `last` and `first` go by it
