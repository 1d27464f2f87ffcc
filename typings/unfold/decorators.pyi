from collections.abc import Callable, Mapping
from typing import TypeVar

_F = TypeVar("_F", bound=Callable[..., object])

def display(
    *, ordering: str | None = None, description: str | None = None, label: Mapping[str, str] | None = None
) -> Callable[[_F], _F]: ...
def action(*, description: str, url_path: str, permissions: list[str]) -> Callable[[_F], _F]: ...
