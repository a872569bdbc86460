"""The other inputs of a model can be set in the sidebar, and decide what is shown."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.pages.driver import layer_rows, upload, visit

CASES = Path(__file__).parents[1] / "data/cases/onnx_values"


def layers(app: AppTest) -> list[str]:
    assert not app.exception
    return [row["name"] for row in layer_rows(app)]


def test_a_number_settles_the_branch_and_a_wrong_one_is_reported() -> None:
    app = upload(visit(), "model", ("if_sr.onnx", (CASES / "if_sr.onnx").read_bytes()))
    assert "pick/else/e_c" in layers(app)
    (field,) = (t for t in app.text_input if t.label == "sr (int64)")
    assert field.placeholder == "0 (default)"
    field.set_value("16000").run()
    assert layers(app) == ["pick/then/t_c", "pick/then/t_r", "pick/then/t_o", "y", "p"]
    assert app.query_params["feed.sr"] == "16000"
    (field,) = (t for t in app.text_input if t.label == "sr (int64)")
    field.set_value("fast").run()
    assert [e.value for e in app.error] == [
        "'fast' is neither a number nor a list of numbers like 1,2,3."
    ]
    assert "pick/then/t_c" in layers(app)


def test_a_flag_is_set_by_a_link() -> None:
    file = ("if_flag.onnx", (CASES / "if_flag.onnx").read_bytes())
    app = upload(visit(), "model", file)
    model = app.query_params["model"]
    app = AppTest.from_file(str(Path(__file__).parents[2] / "streamlit_app.py"), default_timeout=60)
    app.query_params.update({"model": model, "layer": "p", "feed.flag": "true"})
    app.run()
    assert layers(upload(app, "model", file)) == ["pick/then/t_o", "y", "p"]
