# The image holds one static binary, the certificates of public authorities, and an empty data folder.
#
#   docker build -t saring .
#   docker run --rm --name saring -p 127.0.0.1:8080:8080 -v saring:/data saring
#   docker exec saring saring login --data /data        prints the link to the desk
#
# Without arguments it reads the sample that is in the binary. For real posts name a source after the image:
#
#   docker run … -v ./token:/run/secrets/ingest:ro saring \
#     up --data /data --listen 0.0.0.0:8080 --source http --ingest-token-file /run/secrets/ingest
#
# Inside a container the address is not a loopback one, so POST /v1/posts answers 403 until --ingest-token-file is
# given. The token file must be readable for user 65532.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/saring ./cmd/saring \
 && mkdir -m 0700 /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/saring /usr/local/bin/saring
COPY --from=build --chown=65532:65532 /out/data /data
COPY LICENSE /LICENSE
USER 65532:65532
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/saring"]
CMD ["up", "--data", "/data", "--listen", "0.0.0.0:8080"]
