# The server of the web page's API: docker build -t gedanken . && docker run -p 8000:8000 -v gedanken:/data gedanken
# Further options of `gedanken serve` may follow the image's name: --origin https://example.org --database ...
FROM node:20-slim AS page
WORKDIR /build/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY web ./
RUN npm run build

FROM python:3.11-slim

# /data is all that is ever written: the history, and the machine code of the simulator.
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    HOME=/data \
    MPLCONFIGDIR=/data/matplotlib \
    NUMBA_CACHE_DIR=/data/numba

WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
COPY build_package.py ./
COPY --from=page /build/src/gedanken/serve/page ./src/gedanken/serve/page
RUN GEDANKEN_PAGE=require pip install -c constraints.txt '.[serve]' && rm -rf /src/* && install -d -o 65532 -g 65532 /data

USER 65532:65532
WORKDIR /data
# A new volume begins with what is here: compiled code, of use where the processor is the builder's. Elsewhere it is
# compiled again, once.
RUN gedanken warm && gedanken play discover free_fall_drag && gedanken play predict billiards --player restart1
VOLUME /data

EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
# Behind a proxy, set FORWARDED_ALLOW_IPS to its address: limits are counted by the visitor's.
ENTRYPOINT ["gedanken", "serve", "--hosted", "--host", "0.0.0.0", "--port", "8000", "--database", "sqlite:////data/history.sqlite"]
