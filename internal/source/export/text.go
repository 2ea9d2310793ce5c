package export

import (
	"bytes"
	"errors"
	"io"
	"math/bits"

	"countersign/internal/source/rawjson"
)

const (
	// blockSize is how much is read at a time.
	blockSize = 64 << 10
	// maxValue bounds one role, one policy and one token. IAM holds at most
	// 131,072 characters of trust policy and 10,240 of inline policies for a
	// role (IAM User Guide, "IAM and AWS STS quotas"); percent-encoding makes
	// that three times as long.
	maxValue = 4 << 20
)

var errTooLarge = errors.New("a single value of more than 4 MiB")

// text hands a file's bytes to the JSON decoder and keeps those that have not
// been passed yet, so that it can tell lines and columns and give back the
// text of a value that the decoder has read token by token. What it keeps is
// bounded, whatever the size of the file.
type text struct {
	src   io.Reader
	block []byte // block[:fill] is held, block[:given] is with the decoder
	fill  int
	given int
	base  int64 // offset of block[0]

	at     int64 // everything before is passed; line and column are its place
	line   int
	column int
	kept   int64 // held back from here on even when it is passed; -1: nothing

	failure error // why no more can be read, when that is not the file's end
}

func (t *text) reset(src io.Reader) {
	*t = text{src: src, block: t.block, line: 1, column: 1, kept: -1}
	if len(t.block) == 0 {
		t.block = make([]byte, blockSize)
	}
}

// Read implements io.Reader for the decoder.
func (t *text) Read(p []byte) (int, error) {
	if t.given == t.fill {
		if err := t.refill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, t.block[t.given:t.fill])
	t.given += n
	return n, nil
}

func (t *text) refill() error {
	if t.kept >= 0 && t.base+int64(t.given)-t.kept > maxValue {
		t.kept = -1 // too long for anything that is read whole
	}
	from := t.at
	if t.kept >= 0 {
		from = min(from, t.kept)
	}
	held := t.block[from-t.base : t.fill]
	if len(held) > maxValue+blockSize {
		t.failure = errTooLarge
		return errTooLarge
	}
	target := t.block
	if len(held) > len(t.block)-blockSize/2 {
		target = make([]byte, 2*len(t.block))
	}
	t.fill = copy(target, held)
	t.given, t.block, t.base = t.fill, target, from
	n, err := t.src.Read(t.block[t.fill:min(t.fill+blockSize, len(t.block))])
	t.fill += n
	if n > 0 {
		return nil // an error comes again with the next read
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	if err != io.EOF {
		t.failure = err
	}
	return err
}

// pass moves the place to offset, which must not lie behind it or beyond what
// the decoder was given.
func (t *text) pass(offset int64) {
	passed := t.block[t.at-t.base : offset-t.base]
	t.line, t.column = move(t.line, t.column, passed)
	t.at = offset
}

// passValue passes a value that the decoder has just read at the present place.
// It has the bytes in a buffer of its own, which the processor still has at
// hand.
func (t *text) passValue(value []byte) {
	t.line, t.column = move(t.line, t.column, value)
	t.at += int64(len(value))
}

// keep holds the text back from the present place on, until drop.
func (t *text) keep() { t.kept = t.at }

func (t *text) drop() { t.kept = -1 }

// keptText returns the text from where keep was called up to offset, which is
// valid until the next read; ok is false when it was too long to be held.
func (t *text) keptText(offset int64) (kept []byte, ok bool) {
	if t.kept < 0 || offset-t.kept > maxValue {
		return nil, false
	}
	return t.block[t.kept-t.base : offset-t.base], true
}

// afterLine returns the first byte behind the line on which the kept text
// begins; 0 where the file ends, or where that is too far away to be looked at.
func (t *text) afterLine() byte {
	for {
		held := t.block[t.kept-t.base : t.fill]
		if length := bytes.IndexByte(held, '\n'); length >= 0 && length+1 < len(held) {
			return held[length+1]
		}
		if len(held) > maxValue || t.refill() != nil {
			return 0
		}
	}
}

// nextLine begins anew behind the line on which the kept text begins, which is
// held to its end: the decoder's offsets count from there.
func (t *text) nextLine(line int) {
	from := int(t.kept - t.base)
	from += bytes.IndexByte(t.block[from:t.fill], '\n') + 1
	t.fill = copy(t.block, t.block[from:t.fill])
	t.given, t.base, t.at, t.kept = 0, 0, 0, -1
	t.line, t.column = line, 1
}

// move gives the place behind passed, which begins at line and column.
func move(line, column int, passed []byte) (int, int) {
	if newlines := bytes.Count(passed, newline); newlines > 0 {
		line, column = line+newlines, 1
		passed = passed[bytes.LastIndexByte(passed, '\n')+1:]
	}
	return line, column + codePoints(passed)
}

var newline = []byte{'\n'}

// codePoints counts the code points of UTF-8 text: its bytes but the
// continuation bytes 10xxxxxx, eight at a time.
func codePoints(utf8 []byte) int {
	const low = 0x0101010101010101
	count := len(utf8)
	for utf8 = behindASCII(utf8); len(utf8) >= 8; utf8 = utf8[8:] {
		eight := rawjson.Word(utf8)
		count -= bits.OnesCount64((eight >> 7) & (^eight >> 6) & low)
	}
	for _, b := range utf8 {
		if b&0xC0 == 0x80 {
			count--
		}
	}
	return count
}

// behindASCII passes over text that is ASCII, as most is, in large steps.
func behindASCII(utf8 []byte) []byte {
	const high = 0x8080808080808080
	for len(utf8) >= 64 {
		b := (*[64]byte)(utf8)
		if (rawjson.Word(b[:8])|rawjson.Word(b[8:16])|rawjson.Word(b[16:24])|rawjson.Word(b[24:32])|
			rawjson.Word(b[32:40])|rawjson.Word(b[40:48])|rawjson.Word(b[48:56])|rawjson.Word(b[56:]))&high != 0 {
			break
		}
		utf8 = utf8[64:]
	}
	return utf8
}
