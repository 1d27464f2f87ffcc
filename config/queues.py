"""Which queue a task goes through, and how messages get from one process to another."""

from pathlib import Path

Options = dict[str, object]

# A queue for each purpose, so that a node may do one thing only: `worker -Q send`. Without -Q it does everything.
QUEUES = {
    "send": ["newsletter.tasks.send_due_task"],
    "letters": ["subscribers.tasks.answer_sign_ups_task"],
    "events": ["newsletter.tasks.process_events_task", "newsletter.tasks.read_bounces_task"],
    "ingest": ["papers.tasks.*", "subscribers.tasks.look_up_wanted_task"],
    "editions": [],
}
ROUTES = {task: {"queue": name} for name, tasks in QUEUES.items() for task in tasks}
OVER_REDIS: Options = {
    "visibility_timeout": 900,
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "retry_on_timeout": True,
    # What a node that died had taken is given to others, this often.
    "unacked_restore_interval": 10,
}


def over_files(folder: Path) -> Options:
    """Return the options of the transport by files in `folder`, which is made where it is missing."""
    messages, control = folder / "messages", folder / "control"
    for made in (messages, control):
        made.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": 0.1,
    }
