import re
from datetime import timedelta

import pytest
from django.test import Client

from papers.models import TrendingScore
from papers.scoring import score_papers
from tests.factories import NOW, TODAY, make_paper

pytestmark = pytest.mark.django_db


def page(client: Client) -> str:
    response = client.get("/about/trending")
    assert response.status_code == 200
    return response.content.decode()


def test_the_formula_is_explained_before_there_is_a_paper(client: Client) -> None:
    text = page(client)
    assert "The formula" in text
    assert "An example" not in text


def test_the_formula_is_explained_with_the_numbers_of_a_real_paper(client: Client) -> None:
    for number in range(30):
        make_paper(upvotes=8, listed_on=TODAY - timedelta(days=number % 10 + 1))
    make_paper(title="The Example", upvotes=60)
    score_papers(NOW)
    score = TrendingScore.objects.get(window="day", paper__title="The Example")
    text = page(client)
    assert score.paper.get_absolute_url() in text
    assert "usual" in score.in_words
    assert score.in_words in text
    points = [float(cell) for cell in re.findall(r"<td>(\d+\.\d\d)</td>\s*</tr>", text)]
    assert points[-1] == pytest.approx(score.score, abs=0.01)
    assert sum(points[:-1]) == pytest.approx(points[-1], abs=0.02)
