"""What the daemon does by itself, one file a tick: `run(app, now) -> counts`. No tick imports another.

Every tick is a catch-up scan: run twice or not at all, it must do no harm.
"""
