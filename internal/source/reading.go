package source

import (
	"context"
	"fmt"
	"runtime"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/export"
	"countersign/trust"
)

// reading reads units: exports one after the other as streams, templates side
// by side, whose roles wait for their turn.
type reading struct {
	ctx     context.Context
	cancel  context.CancelFunc
	files   *Files
	units   []*unit
	out     export.Output
	merge   merge
	started []*stream // of the templates that are being read, in the order of units
	next    int       // the first unit that is not started
	ahead   int64     // bytes of what was started and is not delivered
	exports exports
}

// Bounds of what is read ahead of its turn.
const (
	streamSize = 64 // roles
	aheadSize  = 32 << 20
)

// stream carries the roles of a unit, and what is incomplete, in their order.
type stream struct {
	unit *unit
	told chan message
}

// message is a role, or what is incomplete, or that a file is of no kind there
// is.
type message struct {
	role       *role.Role
	nothing    bool
	incomplete audit.Incomplete
}

func newReading(ctx context.Context, files *Files, units []*unit, yield func(audit.Item) error, incomplete func(audit.Incomplete)) *reading {
	ctx, cancel := context.WithCancel(ctx)
	return &reading{
		ctx: ctx, cancel: cancel, files: files, units: units,
		out:     export.Output{Yield: yield, Incomplete: incomplete},
		exports: newExports(),
	}
}

// stop lets what is being read ahead go.
func (r *reading) stop() { r.cancel() }

func (r *reading) run() error {
	r.units = r.merge.survey(r)
	for i, one := range r.units {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		r.start(i)
		var err error
		switch {
		case !one.isTemplate():
			err = r.readExport(one)
		case len(r.started) > 0:
			err = r.deliver(r.started[0])
			r.started = r.started[1:]
		}
		if err != nil {
			return err
		}
	}
	return r.ctx.Err()
}

// isTemplate reports whether a unit is read as a whole, on the side.
func (u *unit) isTemplate() bool {
	return u.kind == templateText || u.kind == planText || u.kind == configuration
}

// start has the unit whose turn it is read, and as many of those behind it as
// there is room for.
func (r *reading) start(turn int) {
	for ; r.next < len(r.units); r.next++ {
		one := r.units[r.next]
		if !one.isTemplate() {
			continue
		}
		full := len(r.started) >= 4*workers() || r.ahead+one.size > aheadSize
		if r.next > turn && full {
			return
		}
		started := &stream{one, make(chan message, streamSize)}
		r.started = append(r.started, started)
		r.ahead += one.size
		go r.read(started)
	}
}

// read reads a unit on the side. A panic is the unit's end and no more.
func (r *reading) read(into *stream) {
	defer close(into.told)
	defer r.rescue(into)
	r.readTemplate(into)
}

// rescue says that a panic ended the reading of a unit.
func (r *reading) rescue(into *stream) {
	if fault := recover(); fault != nil {
		reason := "reading ended early: internal fault"
		if known, ok := fault.(runtime.Error); ok { // any other value could hold a part of a policy
			reason = fmt.Sprintf("%s: %v", reason, known)
		}
		r.tell(into, audit.Incomplete{Source: into.unit.file.Path, Reason: reason})
	}
}

// send hands a message on; the error says that nobody wants more.
func (r *reading) send(into *stream, what message) error {
	select {
	case into.told <- what:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// deliver yields what a stream carries.
func (r *reading) deliver(from *stream) error {
	for what := range from.told {
		switch {
		case what.nothing:
			r.nothing(from.unit.file)
		case what.role == nil:
			r.out.Incomplete(what.incomplete)
		case r.merge.keep(from.unit, what.role):
			if err := r.out.Yield(found{what.role}); err != nil {
				return err
			}
		}
	}
	r.ahead -= from.unit.size
	r.files.read.Add(from.unit.size)
	return r.ctx.Err()
}

// found is a role that needs no taking out.
type found struct{ role *role.Role }

// Role implements audit.Item.
func (f found) Role() (*role.Role, error) { return f.role, nil }

// Size implements audit.Sized. What a tree holds is not counted, but is about
// as large as the text that it stands for.
func (f found) Size() int {
	if tree := f.role.Trust.Tree; tree != nil {
		return sizeOf(*tree)
	}
	return len(f.role.Trust.JSON)
}

func sizeOf(v trust.Value) int { return 200 * (1 + len(v.Members) + len(v.Items)) }
