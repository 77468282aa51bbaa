# Builds the executable and puts it, alone, into a small image without a shell user.
FROM oven/bun:1.4.5-debian AS build
WORKDIR /mm
COPY package.json bun.lock bunfig.toml tsconfig.json ./
RUN bun install --frozen-lockfile
COPY src src
COPY configs configs
COPY scripts scripts
RUN bun scripts/build.ts

FROM debian:12-slim
RUN useradd --system --uid 10001 mm && install -d -o mm /var/lib/mm
COPY --from=build /mm/dist/mm /usr/local/bin/mm
COPY --from=build /mm/configs /etc/mm
USER mm
WORKDIR /var/lib/mm
# The runtime reads these before our code runs: nobody may turn the executable into something else.
ENV BUN_BE_BUN= BUN_OPTIONS=
ENTRYPOINT ["/usr/local/bin/mm"]
CMD ["demo"]
