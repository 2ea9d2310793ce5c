# make test   everything that has to hold before a change is done
# make bench  the figures of docs and notes
.PHONY: test format vet unit fuzz bench build

test: format vet unit fuzz

format:
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "not formatted with gofmt:"; echo "$$unformatted"; exit 1; fi

vet:
	go vet ./...

unit:
	go test -race ./...

fuzz:
	.ci/fuzz 3s

bench:
	go test -run '^$$' -bench . -benchmem ./...

build:
	CGO_ENABLED=0 go build -trimpath -o countersign ./cmd/countersign
