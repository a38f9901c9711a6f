# Targets: api (the last one, and so the default), worker, and the Whisper microservice: whisper (CUDA) and whisper-cpu.

FROM node:24-bookworm-slim AS base
WORKDIR /app

# Everything that the build needs. No package needs an install script, but for the one that brings a Node of its own.
FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src src
COPY libs libs
COPY migrations migrations
RUN node node_modules/@nestjs/cli/bin/nest.js build

# What runs in production, and no more.
FROM base AS packages
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# The microservice's engine, from the source that a development package carries. An image of the CUDA toolkit builds it
# for cards from the T4 (architecture 75) to the H100 (90) and needs none itself.
FROM build AS whisper-source
RUN mkdir /whisper && cp -r node_modules/nodejs-whisper/cpp/whisper.cpp /whisper/source

FROM nvidia/cuda:12.8.1-devel-ubuntu24.04 AS whisper-build-cuda
RUN apt-get update \
  && apt-get install -y --no-install-recommends cmake g++ make ninja-build \
  && rm -rf /var/lib/apt/lists/*
COPY --from=whisper-source /whisper/source /whisper/source
COPY scripts/build-whisper scripts/common.sh /whisper/scripts/
RUN XDG_CACHE_HOME=/whisper/cache /whisper/scripts/build-whisper --cuda --source /whisper/source \
  && cp /whisper/cache/parley/whisper/*/bin/whisper-server /whisper/whisper-server

FROM debian:bookworm-slim AS whisper-build-cpu
RUN apt-get update \
  && apt-get install -y --no-install-recommends cmake g++ make ninja-build \
  && rm -rf /var/lib/apt/lists/*
COPY --from=whisper-source /whisper/source /whisper/source
COPY scripts/build-whisper scripts/common.sh /whisper/scripts/
RUN XDG_CACHE_HOME=/whisper/cache /whisper/scripts/build-whisper --portable --source /whisper/source \
  && cp /whisper/cache/parley/whisper/*/bin/whisper-server /whisper/whisper-server

FROM base AS runtime
# Recordings are decoded by ffmpeg; espeak-ng is the voice where no provider's is set up.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg espeak-ng \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATA_DIR=/data
RUN mkdir /data && chown node:node /data
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
USER node
VOLUME /data

# Parley waits for the children that it starts (ffmpeg, espeak-ng) and ends on SIGTERM as process 1.
FROM runtime AS worker
CMD ["node", "dist/src/main.worker.js"]

# The model is mounted at /models: WHISPER_MODEL names it.
FROM base AS whisper-cpu
ENV NODE_ENV=production \
    WHISPER_HOST=0.0.0.0 \
    WHISPER_PORT=50051 \
    WHISPER_SERVER_BIN=/usr/local/bin/whisper-server
RUN apt-get update && apt-get install -y --no-install-recommends libstdc++6 && rm -rf /var/lib/apt/lists/*
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=whisper-build-cpu /whisper/whisper-server /usr/local/bin/
COPY package.json LICENSE ./
USER node
VOLUME /models
EXPOSE 50051
CMD ["node", "dist/src/main.whisper.js"]

FROM nvidia/cuda:12.8.1-runtime-ubuntu24.04 AS whisper
WORKDIR /app
ENV NODE_ENV=production \
    WHISPER_HOST=0.0.0.0 \
    WHISPER_PORT=50051 \
    WHISPER_SERVER_BIN=/usr/local/bin/whisper-server
COPY --from=base /usr/local/bin/node /usr/local/bin/
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=whisper-build-cuda /whisper/whisper-server /usr/local/bin/
COPY package.json LICENSE ./
USER ubuntu
VOLUME /models
EXPOSE 50051
CMD ["node", "dist/src/main.whisper.js"]

FROM runtime AS api
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/main.js"]
