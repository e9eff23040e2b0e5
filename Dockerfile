# The browser app and the command line on CPUs; about 3 GB, of which TensorFlow is most.
#
#   docker build -t elasreg .
#   docker run -p 127.0.0.1:8501:8501 -e ELASREG_TOKEN=… -v elasreg:/workspace elasreg
#   docker run -v "$PWD:/data:ro" -v elasreg:/workspace elasreg data check /data --dataset pairs
#
# The page asks for the token; without ELASREG_TOKEN one is made up at every start: `docker logs` shows it.

FROM python:3.12-slim AS wheel
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheel .

FROM python:3.12-slim
COPY requirements.lock /tmp/requirements.lock
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock
RUN --mount=type=bind,from=wheel,source=/wheel,target=/wheel pip install --no-cache-dir --no-deps /wheel/*.whl

RUN useradd --create-home --uid 1000 elasreg && install --directory --owner=elasreg --group=elasreg /workspace
USER 1000
WORKDIR /workspace
ENV ELASREG_HOME=/workspace
VOLUME /workspace

EXPOSE 8501
HEALTHCHECK --start-period=60s --timeout=5s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://localhost:8501/_stcore/health', timeout=4)"]
STOPSIGNAL SIGINT
ENTRYPOINT ["elasreg"]
CMD ["app", "--address", "0.0.0.0", "--port", "8501", "--no-browser"]
