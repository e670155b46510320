"""Synthetic Norway: invented 0-24-year-olds with a known truth.

Nobody here exists. Marginal numbers resemble Norwegian statistics (`rates.py` names the source of each); the links between them are a
documented causal structure, not a fit to anybody's records:

```
parents' education, immigration category, sex ────────────────────────────┐
   │                                                                      │
strain ──▶ separation, low income, moves, child welfare ─┐                │
   │                                                     │                ▼
drive, ability, mood ──▶ marks, points, support, absence ┼──▶ log-odds of completing ──▶ status code
   │                                                     │                ▲
   └──▶ health contacts ─────────────────────────────────┘     later events (unseen at grade 10, seen in Vg1 absence and quits)
```

Four latent traits (`background.py`) are never written to a source file. `completion.py` holds every planted effect, and the true
probability of each person goes to ``data/truth/``, which no source declares and intake therefore never reads.
"""

from features.synth.generate import Settings, generate_cohorts
from features.synth.sources import Written, write_sources

__all__ = ["Settings", "Written", "generate_cohorts", "write_sources"]
