# semtoken serve: the wheel has the model in it, so that nothing is downloaded when it runs.
#   docker build -t semtoken . && docker run --read-only --tmpfs /tmp -p 127.0.0.1:8000:8000 semtoken
FROM python:3.12-slim AS build
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir build
RUN python -m build --wheel --outdir /dist .

FROM python:3.12-slim
COPY --from=build /dist /dist
COPY constraints.txt /dist/
RUN python -m venv /opt/semtoken
RUN /opt/semtoken/bin/pip install --no-cache-dir -c /dist/constraints.txt "$(echo /dist/*.whl)[serve]"
RUN useradd --system --no-create-home --uid 10001 semtoken
USER 10001
ENV PATH=/opt/semtoken/bin:$PATH PYTHONDONTWRITEBYTECODE=1 HF_HUB_OFFLINE=1 MALLOC_ARENA_MAX=2
EXPOSE 8000
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=3)"]
# Only the names of this machine are answered; --allow adds the name by which others call the container.
ENTRYPOINT ["semtoken", "serve", "--host", "0.0.0.0", "--port", "8000"]
