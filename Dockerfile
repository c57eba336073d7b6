# The server alone: it needs a PostgreSQL 16 to 18 with pgvector, named by STOREKEEPER_DATABASE_URL.
#   docker run -i --rm -e STOREKEEPER_DATABASE_URL -e STOREKEEPER_ASSERTION_KEY -e STOREKEEPER_PRINCIPAL storekeeper
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY server server
COPY sql sql
RUN python -m venv /opt/storekeeper \
    && /opt/storekeeper/bin/pip install --no-cache-dir --compile .

FROM python:3.13-slim
COPY --from=build /opt/storekeeper /opt/storekeeper
RUN useradd --system --create-home storekeeper
USER storekeeper
ENV PATH=/opt/storekeeper/bin:$PATH
ENTRYPOINT ["storekeeper"]
CMD ["serve"]
