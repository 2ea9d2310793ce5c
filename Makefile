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

# The race detector makes everything slow, and is for what works side by side. The
# laws of trust start no goroutine, reports are written by one, and the scripts run
# the program whole, whose workers the tests of the audit run under the detector.
plain := ^countersign/(trust|cmd|action|packaging|docs|deploy|examples|internal/report)(/|$$)

# Nothing is taken from an earlier run: some tests look at what other programs do,
# which the test cache does not see change.
unit:
	go test -count=1 $$(go list ./... | grep -E '$(plain)')
	go test -count=1 -race $$(go list ./... | grep -vE '$(plain)')

fuzz:
	.ci/fuzz 3s

bench:
	go test -run '^$$' -bench . -benchmem ./...

build:
	CGO_ENABLED=0 go build -trimpath -o countersign ./cmd/countersign

snapshot:
	packaging/snapshot
