# One image for every process: `docker run regatta management-api | data-plane | worker | bootstrap`.
ARG NODE_IMAGE=node:26-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY apps apps
COPY libs libs
RUN npm run build

# What the programs need at run time: no build tools, no embedded Postgres, no second Node.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev --omit=optional --no-audit --no-fund

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Regatta" \
      org.opencontainers.image.description="A self-hosted container registry service, wire-compatible with Azure Container Registry" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    REGATTA_HOME=/var/lib/regatta/home \
    REGATTA_LISTEN=0.0.0.0,:: \
    REGATTA_OPS_LISTEN=0.0.0.0,:: \
    OPS_PORT=9464
WORKDIR /app
# Named volumes take over who owns these folders.
RUN mkdir -p -m 0700 /var/lib/regatta/home /var/lib/regatta/buckets && chown -R 10001:10001 /var/lib/regatta
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY deploy/image/regatta /usr/local/bin/regatta
COPY deploy/image/healthy.mjs /app/healthy.mjs
# By number: Kubernetes must see that it is not root.
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["node", "/app/healthy.mjs"]
ENTRYPOINT ["regatta"]
