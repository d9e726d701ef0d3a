"""What an idle tick of Celery's beat costs among N entries: `python celery_beat.py N`, where celery is installed."""

import json
import sys
import time

from celery import Celery
from celery.beat import Scheduler

TICKS = 200


def main(count: int) -> None:
    app = Celery("bench", broker="memory://")
    app.conf.beat_schedule = {f"entry-{index}": {"task": "t", "schedule": 86_400.0} for index in range(count)}
    scheduler = Scheduler(app=app, lazy=False)
    scheduler.tick()
    found = []
    for _ in range(TICKS):
        begun = time.perf_counter()
        scheduler.tick()
        found.append((time.perf_counter() - begun) * 1000)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]))
