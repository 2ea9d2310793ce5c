# countersign and certificate authorities, and nothing else:
#
#   docker build --tag countersign .
#   docker run --rm --network none --volume "$PWD:/work:ro" countersign scan
#
# A scan of live accounts needs the network and credentials in the environment.
FROM golang:1.26-bookworm AS build
WORKDIR /source
COPY go.mod go.sum ./
RUN go mod download
# With .git, from which Go takes the version.
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /countersign ./cmd/countersign

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /countersign /usr/bin/countersign
COPY LICENSE NOTICE /usr/share/doc/countersign/
# No user of that number has rights of anybody else; there is no file of users here.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/usr/bin/countersign"]
CMD ["--help"]
