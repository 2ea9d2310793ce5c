package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// sighting holds the flags that say where calls are looked for.
type sighting struct {
	logs    []string
	since   since
	regions []string
}

func (s *sighting) register(flags *pflag.FlagSet) {
	s.since.span = defaultSpan
	group := inGroup(flags, "Evidence")
	group(&list{&s.logs, "PATH", notEmpty}, "log", "CloudTrail log files, directories of them, or -; may be repeated")
	group(&s.since, "since", "how far back to look: days such as 90d, hours such as 12h, or a date")
	group(&words{&s.regions, "NAME[,NAME]", notEmpty}, "regions", "with --live: ask these Regions; default: those that are enabled")
}

// check refuses logs that cannot be read, before anything is.
func (s *sighting) check(paths []string) error {
	if slices.Contains(paths, stdout) && slices.Contains(s.logs, stdout) {
		return &misuse{"standard input can be read once only", `give "-" once`}
	}
	if len(s.logs) == 0 {
		return nil
	}
	_, err := named(slices.Clone(s.logs))
	return err
}

// defaultSpan is as far back as CloudTrail's event history goes.
const defaultSpan = 90 * 24 * time.Hour

// since is a flag that takes a span of time before now, or a date.
type since struct {
	span time.Duration
	date time.Time
}

func (s *since) before(now time.Time) time.Time {
	if !s.date.IsZero() {
		return s.date
	}
	return now.Add(-s.span)
}

func (s *since) String() string { return "90d" }
func (s *since) Type() string   { return "TIME" }
func (s *since) Set(text string) error {
	if (&moment{&s.date}).Set(text) == nil {
		return nil
	}
	number, isDays := strings.CutSuffix(text, "d")
	if isDays {
		number += "h"
	}
	span, err := time.ParseDuration(number)
	if isDays {
		span *= 24
	}
	const longest = 10 * 365 * 24 * time.Hour
	if err != nil || span <= 0 || span > longest {
		return &misuse{fmt.Sprintf("%q is no span of time", text), "days such as 90d, hours such as 12h, or a date such as 2027-01-31"}
	}
	s.span = span
	return nil
}
