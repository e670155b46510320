"""Where events of monitoring go beside the reports: files and webhooks that a project declares, and nowhere else."""
