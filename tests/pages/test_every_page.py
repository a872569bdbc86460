"""Every page shows every sample, and nothing goes wrong."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.samples import SAMPLE_MODELS
from rf_viz.ui.questions import QUESTIONS
from tests.pages.driver import SCRIPT

ROOT = SCRIPT.parent
PAGES = [SCRIPT, *sorted((ROOT / "pages").glob("*.py"))]


def opened(page: str, **state: object) -> AppTest:
    app = AppTest.from_file(str(SCRIPT), default_timeout=120)
    for key, value in state.items():
        app.session_state[key] = value
    if page != SCRIPT.name:
        app.switch_page(page)
    return app.run()


@pytest.mark.parametrize("model", SAMPLE_MODELS)
@pytest.mark.parametrize("page", [page.relative_to(ROOT).as_posix() for page in PAGES])
def test_a_page_shows_a_sample(page: str, model: str) -> None:
    app = opened(page, model=model)
    assert not app.exception
    assert [message.value for message in (*app.error, *app.warning)] == []
    explanation = [h.value for h in app.get("html") if 'class="rf-lead"' in h.value]
    assert len(explanation) == 1, "one sentence at the top"


@pytest.mark.parametrize("model", SAMPLE_MODELS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_about_a_sample_is_answered(question: str, model: str) -> None:
    app = opened("streamlit_app.py", model=model, question=question)
    assert not app.exception
    assert [message.value for message in (*app.error, *app.warning)] == []


def test_the_menu_leads_to_every_page() -> None:
    app = opened("streamlit_app.py")
    links = [link.proto.page for link in app.get("page_link")]
    assert len(links) == len(PAGES)
