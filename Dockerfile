# The same file system as `npm run image` assembles, for those who build with an engine:
#   docker build --build-arg SOURCE_REVISION=$(git rev-parse HEAD) -t token-registries/server .
# Behind a proxy or a registry mirror, give npm its settings: docker build --secret id=npmrc,src=$HOME/.npmrc .
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/run/npmrc \
    NPM_CONFIG_USERCONFIG=/run/npmrc npm ci --no-audit --no-fund --no-progress
COPY . .
ARG SOURCE_DATE_EPOCH=0
RUN SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH} node_modules/.bin/node scripts/image.ts --rootfs /rootfs

FROM scratch
ARG SOURCE_REVISION=
LABEL org.opencontainers.image.title="token-registries" \
      org.opencontainers.image.revision="${SOURCE_REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /rootfs /
ENV PATH=/nodejs/bin NODE_ENV=production NODE_OPTIONS="--max-semi-space-size=2 --max-old-space-size=128" MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/nodejs/bin/node", "/app/server.mjs"]
