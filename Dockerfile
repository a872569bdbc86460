# The app in a container: see docs/HOSTING.md.
#   docker build -t rf-viz .
#   docker run --rm --read-only --tmpfs /tmp -p 8501:8501 rf-viz

FROM python:3.11-slim AS wheel
WORKDIR /tree
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheel .

FROM python:3.11-slim
# The dependencies change seldom, and so have a layer of their own.
COPY requirements.txt /tmp/
RUN pip install --no-cache-dir -r /tmp/requirements.txt
# Plotly.js is put in its place now: later nothing can be written there.
RUN --mount=type=bind,from=wheel,source=/wheel,target=/wheel \
    pip install --no-cache-dir "$(echo /wheel/*.whl)[tflite]" \
    && python -c "from rf_viz.ui.browser.plotly_js import plotly_url; plotly_url()" \
    && useradd --no-create-home --uid 1000 viewer
USER 1000
WORKDIR /tmp
# All that is written lies in /tmp. The limits are those of docs/HOSTING.md.
ENV HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    RF_VIZ_SECONDS=60 \
    RF_VIZ_MEMORY_MB=2048 \
    RF_VIZ_WORKERS=6 \
    STREAMLIT_SERVER_MAX_UPLOAD_SIZE=500
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", \
    "import urllib.request as r; r.urlopen('http://localhost:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["rf-viz", "--no-browser", "--host", "0.0.0.0", "--port", "8501"]
