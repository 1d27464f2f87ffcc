"""Something that the staff does about an edition or a reader: who may, when it fits, and what was done, in words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

# What an act is done to.
T = TypeVar("T")


@dataclass(frozen=True)
class Act(Generic[T]):
    """`do` takes it, when, and who did it for the log; it says what was done, in a sentence for the history, or raises
    NotDone. With a `warning` a page asks first. What is `final` has no way back, and is typed there.
    """

    name: str
    label: str
    permission: str
    fits: Callable[[T], bool]
    do: Callable[[T, datetime, str], str]
    warning: str = ""
    is_final: bool = False
