"""What is broken, and how: one row each of the table that `make chaos` prints."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.esp import Esp
from tests.chaos.nodes import SENDING_PROCESSES
from tests.chaos.outbox import Outbox
from tests.chaos.receiver import Fault, Plan, Receiver, no_fault
from tests.chaos.smtp import SmtpSink
from tests.chaos.world import World

# Returns how many sending processes it killed, or cut off from the database.
Act = Callable[[World], int]


@dataclass(frozen=True)
class Row:
    """A way to go wrong."""

    name: str
    act: Act
    plan: Plan = no_fault
    kind: type[Receiver | Outbox] = SmtpSink
    # How long the receiver takes for a message: long enough that something can happen meanwhile.
    delay: float = 0.005
    in_ci: bool = False


def nothing(_: World) -> int:
    return 0


def kill_one(rounds: int) -> Act:
    """One sending process after the other, at random instants."""

    def act(world: World) -> int:
        killed = 0
        dice = random.Random(rounds)  # noqa: S311  no secret
        for _ in range(rounds):
            if not world.is_leaving():
                break
            killed += world.nodes.kill_sending_process(dice.randrange(SENDING_PROCESSES))
            time.sleep(dice.uniform(0.1, 1.5))
        return killed

    return act


def kill_all(world: World) -> int:
    world.nodes.kill_sender()
    world.nodes.start_sender()
    return SENDING_PROCESSES


def kill_beat(world: World) -> int:
    world.nodes.beat.kill()
    world.nodes.beat.wait()
    time.sleep(2)
    world.nodes.beat = world.nodes.start_beat()
    return 0


def end_and_start(world: World) -> int:
    """As a deployment does."""
    world.nodes.end_sender()
    world.nodes.start_sender()
    return 0


def kill_redis(world: World) -> int:
    world.redis.kill()
    time.sleep(3)
    world.redis.start()
    return 0


def empty_redis(world: World) -> int:
    world.redis.kill()
    world.redis.forget()
    world.redis.start()
    return 0


def flush_redis(world: World) -> int:
    world.redis.flush()
    return 0


def fill_redis(world: World) -> int:
    world.redis.fill()
    time.sleep(4)
    world.redis.make_room()
    return 0


def crash_postgres(world: World) -> int:
    world.postgres.restart("immediate")
    return SENDING_PROCESSES


def restart_postgres(world: World) -> int:
    world.postgres.restart("fast")
    return SENDING_PROCESSES


def two_beats_and_tick(world: World) -> int:
    world.nodes.start_beat()
    world.nodes.python("manage.py", "tick").wait(120)
    return 0


def mend_account(world: World) -> int:
    """Wait until the edition is paused, and do what the operator does."""
    deadline = time.monotonic() + 30
    while not world.ledger.paused() and time.monotonic() < deadline:
        time.sleep(0.1)
    world.receiver.plan = no_fault
    for period in world.ledger.paused():
        world.nodes.python("manage.py", "resume", period).wait(60)
    return 0


def fill_disk(world: World) -> int:
    assert isinstance(world.receiver, Outbox)
    world.receiver.wait_until_full()
    time.sleep(3)
    world.receiver.grow()
    return 0


def meanwhile(what: str, *, cut_off: int = 0) -> Act:
    def act(world: World) -> int:
        world.nodes.python("-m", "tests.chaos.meanwhile", what).wait(120)
        return cut_off

    return act


def one_in(count: int, fault: Fault) -> Plan:
    return lambda number, _: fault if number % count == 0 else Fault.NONE


def some_readers(fault: Fault) -> Plan:
    """Always the same of them, one in a hundred."""
    return lambda _, recipient: fault if "00@" in recipient else Fault.NONE


def storm(fault: Fault) -> Plan:
    """Everything, for one second of four."""
    return lambda *_: fault if time.monotonic() % 4 < 1 else Fault.NONE


def from_the_start(fault: Fault) -> Plan:
    # A row is acted on once a twentieth of 5,000 has left.
    return lambda number, _: fault if number > 300 else Fault.NONE


ROWS = [
    Row("nothing goes wrong", nothing, delay=0),
    Row("kill -9, one process, 4 times", kill_one(4), delay=0.01, in_ci=True),
    Row("kill -9, one process, 20 times", kill_one(20), delay=0.02),
    Row("kill -9, all of the node", kill_all),
    Row("kill -9, beat", kill_beat),
    Row("SIGTERM and a new node", end_and_start, in_ci=True),
    Row("Redis killed for 3 s", kill_redis),
    Row("Redis flushed", flush_redis, in_ci=True),
    Row("Redis restarted empty", empty_redis),
    Row("Redis full for 4 s", fill_redis),
    Row("PostgreSQL crashed", crash_postgres, in_ci=True),
    Row("PostgreSQL restarted", restart_postgres),
    Row("SMTP 451 for one in ten", nothing, one_in(10, Fault.LATER)),
    Row("SMTP 421 storms", nothing, storm(Fault.BUSY)),
    Row("SMTP 550 for one in a hundred", nothing, some_readers(Fault.REFUSED)),
    Row("SMTP drop before the final dot", nothing, one_in(50, Fault.DROPPED_BEFORE)),
    Row("SMTP drop after the final dot", nothing, one_in(50, Fault.DROPPED_AFTER), in_ci=True),
    Row("SMTP tarpit", nothing, one_in(100, Fault.SLOW)),
    Row("ESP time-out after acceptance", nothing, one_in(250, Fault.DROPPED_AFTER), Esp, in_ci=True),
    Row("ESP 200 with HTML", nothing, one_in(50, Fault.NONSENSE), Esp),
    Row("ESP 429, Retry-After", nothing, storm(Fault.BUSY), Esp, in_ci=True),
    Row("ESP refuses some", nothing, some_readers(Fault.REFUSED), Esp),
    Row("ESP 401, mended", mend_account, from_the_start(Fault.ACCOUNT), Esp),
    Row("two beats and tick", two_beats_and_tick),
    Row("a clock an hour fast", meanwhile("hurry", cut_off=SENDING_PROCESSES)),
    Row("readers leave meanwhile", meanwhile("leave")),
    Row("readers are erased meanwhile", meanwhile("erase")),
    Row("edition edited meanwhile", meanwhile("edit")),
    Row("disk of the outbox full for 3 s", fill_disk, kind=Outbox),
]
