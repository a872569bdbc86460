"""Every page shows every sample, and nothing goes wrong."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.ui.explore.questions import QUESTIONS
from tests.pages.driver import SCRIPT, header, upload

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


@pytest.fixture(scope="module")
def keras_model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A branch of two convolutions beside a pooling, and a sum."""
    import keras
    from keras import layers

    image = keras.Input((40, 32, 3))
    stem = layers.Conv2D(4, 3, padding="same", name="stem")(image)
    branch = layers.Conv2D(4, 3, padding="same", dilation_rate=2, name="branch")(stem)
    pooled = layers.MaxPooling2D(3, 1, padding="same", name="pool")(stem)
    path = tmp_path_factory.mktemp("keras") / "net.keras"
    keras.Model(image, layers.Add(name="sum")([branch, pooled])).save(path)
    return path.read_bytes()


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_about_an_uploaded_keras_model_is_answered(
    question: str, keras_model: bytes
) -> None:
    app = upload(opened("streamlit_app.py", question=question), "model", ("net.keras", keras_model))
    assert header(app)["extent"] == [40, 32]
    assert [message.value for message in (*app.error, *app.warning)] == []
    if question == "Prove it":
        app.button(key="prove").click().run()
        assert not app.exception
        proof = next(h.value for h in app.get("html") if 'class="rf-prove"' in h.value)
        assert "Equal" in proof


@pytest.mark.parametrize("page", ["network", "compare"])
def test_a_page_shows_an_uploaded_keras_model(page: str, keras_model: bytes) -> None:
    app = upload(opened("streamlit_app.py"), "model", ("net.keras", keras_model))
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    assert [message.value for message in (*app.error, *app.warning)] == []
    assert "net.keras" in next(s for s in app.selectbox if s.label == "Model").options
