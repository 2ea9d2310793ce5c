package cli

import (
	"bytes"
	"testing"
	"time"
)

func TestMeterLine(t *testing.T) {
	for name, test := range map[string]struct {
		read, total, roles int64
		columns            int
		want               string
	}{
		"half of a known size": {500_000_000, 1_000_000_000, 30_000, 200,
			"██████████░░░░░░░░░░  50% · 500.0 MB of 1.0 GB · 30000 roles · 15000 roles/s"},
		"a pipe has no known size": {1_500, 0, 10, 200, "1.5 kB · 10 roles · 5 roles/s"},
		"a file that grows stays below the end": {3_000, 2_000, 0, 200,
			"████████████████████ 100% · 3.0 kB of 2.0 kB · 0 roles · 0 roles/s"},
		"a narrow terminal gets its part": {999, 0, 10, 10, "999 B · 1"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &meter{bytes: func() (int64, int64) { return test.read, test.total }, columns: test.columns}
			m.roles.Store(test.roles)
			if got := m.line(m.started.Add(2 * time.Second)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestTheBarMakesWayForResults(t *testing.T) {
	var screen bytes.Buffer
	m := &meter{bytes: func() (int64, int64) { return 0, 0 }, screen: &screen}
	results := m.beside(&screen)
	write := func(text string) {
		t.Helper()
		if _, err := results.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	bar := "\r" + m.line(m.started.Add(time.Second)) + "\x1b[K"
	const cleared = "\r\x1b[K"

	m.draw(m.started.Add(time.Second))
	write("half a line")
	m.draw(m.started.Add(time.Second)) // must not break the line
	write(", and its end\n")
	m.draw(m.started.Add(time.Second))
	write("another\n")
	want := bar + cleared + "half a line, and its end\n" + bar + cleared + "another\n"
	if screen.String() != want {
		t.Errorf("got  %q\nwant %q", screen.String(), want)
	}
}

func TestWorkThatIsSoonDoneShowsNoBar(t *testing.T) {
	var screen bytes.Buffer
	m := &meter{bytes: func() (int64, int64) { return 0, 0 }}
	m.start(&screen, 80)
	m.finish()
	if screen.Len() > 0 {
		t.Errorf("printed %q", screen.String())
	}
}
