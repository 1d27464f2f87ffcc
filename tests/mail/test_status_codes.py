import pytest

from mail.status_codes import code_in, is_permanent_status


@pytest.mark.parametrize(
    ("said", "code", "is_permanent"),
    [
        ("5.1.1 No such user", "5.1.1", True),
        ("550 5.1.10 not here", "5.1.10", True),
        ("5.2.1 disabled", "5.2.1", True),
        ("5.2.2 full", "5.2.2", False),
        ("5.7.1 policy", "5.7.1", False),
        ("4.2.1 later", "4.2.1", False),
        ("no such user", "", None),
    ],
)
def test_a_code_says_whether_it_is_for_good(said: str, code: str, is_permanent: bool | None) -> None:
    assert (code_in(said), is_permanent_status(said)) == (code, is_permanent)
