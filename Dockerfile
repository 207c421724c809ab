# Gramme in an image of one file.
#
#   docker build -t gramme .
#   docker run -p 8000:8000 -v gramme:/data \
#     -e GRAMME_ACCESS_KEY=... -e GRAMME_SECRET_KEY=... gramme
#
# In a container the server has to listen on every address to be reached from
# outside, and there it asks who calls: without the two keys it ends with a line
# that says so. The secret can also be a file: GRAMME_SECRET_KEY_FILE. To let
# everybody in, on a laptop or in a test, say it:
#
#   docker run -p 127.0.0.1:8000:8000 gramme serve --auth=any --insecure
#
# Data is kept in /data/gramme-data. A bind mount on /data must be writable for
# user 65532.

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/gramme ./cmd/gramme \
 && mkdir /out/data

FROM scratch
COPY --from=build /out/gramme /gramme
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8000
# Variables and not flags in CMD: they stand as well when the command is
# replaced, as in the second example above.
ENV GRAMME_ADDR=0.0.0.0:8000 GRAMME_AUTH=static
STOPSIGNAL SIGTERM
ENTRYPOINT ["/gramme"]
CMD ["serve"]
