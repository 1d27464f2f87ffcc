"""What is rung for, and how often. Each task asks the database what is due and does nothing when nothing is."""

from collections.abc import Iterable

Beat = dict[str, object]


def beat_schedule(queues: Iterable[str], sources: Iterable[str]) -> dict[str, Beat]:
    """Return the schedule of beat, for workers of `queues` and papers from `sources`."""
    return (
        {
            "score papers": _every("papers.tasks.score_due_task", 60),
            "refresh text model": _every("papers.tasks.refresh_text_model_task", 60),
            "keep editions": _every("newsletter.tasks.keep_editions_task", 10),
            # Several processes send at once only when each is rung for.
            "send digests": _every("newsletter.tasks.send_due_task", 2),
            "process events": _every("newsletter.tasks.process_events_task", 5),
            "read bounces": _every("newsletter.tasks.read_bounces_task", 60),
            "sweep": _every("newsletter.tasks.sweep_task", 30),
            "tell of quiet days": _every("newsletter.tasks.tell_of_quiet_days_task", 60),
            "answer sign-ups": _every("subscribers.tasks.answer_sign_ups_task", 5),
            "look up wanted papers": _every("subscribers.tasks.look_up_wanted_task", 60),
            "remove what was kept long enough": _every("newsletter.tasks.retain_task", 3600),
            "watch": _every("newsletter.tasks.watch_task", 60),
        }
        # It goes the whole way through each queue to the database: what a worker that hangs does not do.
        | {f"beat of {queue}": _every("newsletter.tasks.beat_task", 60, queue, queue=queue) for queue in queues}
        # By a task of its own, of a minute at most: with several workers a slow source does not hold the others up.
        | {f"read {source}": _every("papers.tasks.read_source_task", 30, source) for source in sources}
    )


def _every(task: str, seconds: int, *args: str, **options: str) -> Beat:
    # A message that waited for its successor is stale: it expires instead of queueing up behind a stopped worker.
    return {"task": task, "schedule": seconds, "args": list(args), "options": {"expires": seconds, **options}}
