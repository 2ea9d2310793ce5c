package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// When the bar appears, and how often it is drawn again.
const (
	patience = time.Second
	beat     = 100 * time.Millisecond
	lineBeat = 5 * time.Second
)

// meter counts work and shows a bar on a terminal once it takes long.
type meter struct {
	roles atomic.Int64
	bytes func() (read, total int64)   // total is 0 where nobody knows it
	state func(seconds float64) string // in place of bytes, where work is not told by bytes

	started time.Time
	screen  io.Writer // nil when no bar is wanted
	columns int

	mu      sync.Mutex
	drawn   bool // the bar stands on the screen
	midLine bool // results stand on the bar's line
	stop    chan struct{}
	stopped sync.WaitGroup
}

// start begins to watch. The bar is drawn on screen, which is nil for none.
func (m *meter) start(screen io.Writer, columns int) {
	m.started, m.screen, m.columns = time.Now(), screen, columns
	if screen != nil {
		m.watch(patience, beat, m.draw)
	}
}

// startLines begins to watch where there is no terminal: a line every few
// seconds, so that a log shows that the work goes on.
func (m *meter) startLines(out io.Writer) {
	m.started = time.Now()
	m.watch(lineBeat, lineBeat, func(now time.Time) {
		fmt.Fprintln(out, m.text(now.Sub(m.started).Seconds()))
	})
}

// watch calls tell now and then until the meter is finished.
func (m *meter) watch(first, then time.Duration, tell func(time.Time)) {
	m.stop = make(chan struct{})
	m.stopped.Go(func() {
		wait := time.NewTimer(first)
		defer wait.Stop()
		for {
			select {
			case <-m.stop:
				return
			case <-wait.C:
				tell(time.Now())
				wait.Reset(then)
			}
		}
	})
}

// finish takes the bar off the screen for good.
func (m *meter) finish() {
	if m.stop == nil {
		return
	}
	close(m.stop)
	m.stopped.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
}

func (m *meter) draw(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.midLine {
		return
	}
	fmt.Fprint(m.screen, "\r"+m.line(now)+"\x1b[K")
	m.drawn = true
}

// clear takes the bar off the screen. The caller holds mu.
func (m *meter) clear() {
	if m.drawn {
		fmt.Fprint(m.screen, "\r\x1b[K")
		m.drawn = false
	}
}

// line spells the state of the work, at most as wide as the screen.
func (m *meter) line(now time.Time) string {
	text := m.text(now.Sub(m.started).Seconds())
	if letters := []rune(text); m.columns > 0 && len(letters) >= m.columns {
		text = string(letters[:m.columns-1])
	}
	return text
}

// text spells the state of the work after so many seconds.
func (m *meter) text(seconds float64) string {
	if m.state != nil {
		return m.state(seconds)
	}
	roles := m.roles.Load()
	read, total := m.bytes()
	text := fmt.Sprintf("%s · %d roles · %.0f roles/s", size(read), roles, float64(roles)/seconds)
	if total > 0 {
		const cells = 20
		part := min(float64(read)/float64(total), 1)
		full := int(part * cells)
		text = fmt.Sprintf("%s%s %3.0f%% · %s of %s · %d roles · %.0f roles/s",
			strings.Repeat("█", full), strings.Repeat("░", cells-full), part*100, size(read), size(total), roles, float64(roles)/seconds)
	}
	return text
}

// size spells a number of bytes.
func size(bytes int64) string {
	const unit = 1000
	value, names := float64(bytes), []string{"B", "kB", "MB", "GB", "TB"}
	at := 0
	for value >= unit && at < len(names)-1 {
		value, at = value/unit, at+1
	}
	if at == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, names[at])
}

// beside returns a writer for results that stand on the same terminal as the
// bar: the bar makes way for them.
func (m *meter) beside(results io.Writer) io.Writer { return &sharing{m, results} }

type sharing struct {
	meter   *meter
	results io.Writer
}

func (s *sharing) Write(text []byte) (int, error) {
	s.meter.mu.Lock()
	defer s.meter.mu.Unlock()
	s.meter.clear()
	if len(text) > 0 {
		s.meter.midLine = text[len(text)-1] != '\n'
	}
	return s.results.Write(text)
}
