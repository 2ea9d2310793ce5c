# make test   everything that has to hold before a change is done; installs what
#             the tests need
# make bench  speed and memory
# make snapshot  a release that is not published, in dist/
.PHONY: test needs format vet unit fuzz bench build snapshot

test: needs format vet unit fuzz

needs:
	@.ci/needs

format:
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "not formatted with gofmt:"; echo "$$unformatted"; exit 1; fi

vet:
	go vet ./...

# trust starts no goroutine, and its laws take minutes under the race detector;
# the tests of the audit run it in several workers at once, under the detector.
unit:
	go test ./trust/...
	go test -race $$(go list ./... | grep -v '^countersign/trust')

fuzz:
	.ci/fuzz 3s

bench:
	go test -run '^$$' -bench . -benchmem ./...

build:
	CGO_ENABLED=0 go build -trimpath -o countersign ./cmd/countersign

snapshot:
	packaging/snapshot
