// Command countersign decides whether a stranger can assume an IAM role.
package main

import (
	"os"

	"countersign/internal/cli"
	"countersign/internal/heap"
)

func main() {
	heap.Settle()
	ctx, stop := cli.Interruptible()
	code := cli.Run(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}
