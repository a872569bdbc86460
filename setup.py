"""Puts the files of the app into the package, as rf_viz/app/; pyproject.toml says all the rest."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

APP = (
    *("streamlit_app.py", "pages/*.py", "static/.gitignore", ".streamlit/config.toml"),
    *("assets/README.md", "assets/licenses/*", "assets/labels/*", "assets/images/*"),
    *("assets/models/*", "assets/*/*.csv", "assets/*/*.json"),
)
"""What the app needs besides the package; a checkout has it at its top, for Streamlit's tools."""


class BuildWithApp(build_py):
    """Builds the package together with the app."""

    def run(self) -> None:
        """Copy the app's files too, unless the package stays in its checkout, which has them."""
        super().run()
        if self.editable_mode:
            return
        for file in sorted(file for pattern in APP for file in Path().glob(pattern)):
            target = Path(self.build_lib, "rf_viz", "app", file)
            self.mkpath(str(target.parent))
            self.copy_file(str(file), str(target))


setup(cmdclass={"build_py": BuildWithApp})
