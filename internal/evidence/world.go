package evidence

import (
	"maps"
	"slices"

	"countersign/trust"
)

// worlds are all the requests that a logged call may have been: a base, and what
// the log leaves open, each with its options. World number n takes option
// n / stride % len(options) of each.
type worlds struct {
	base    trust.Request
	factors []factor
	checked bool // Admissible knows the kind of caller
}

// factor is something that the log does not show.
type factor struct {
	name    string // in words, to follow "depends on"
	options []option
}

// option changes a request whose context is its own.
type option func(*trust.Request)

func (w *worlds) add(name string, options ...option) {
	if len(options) > 0 {
		w.factors = append(w.factors, factor{name, options})
	}
}

func (w *worlds) size() int {
	size := 1
	for _, f := range w.factors {
		if size *= len(f.options); size > mostWorlds {
			return size
		}
	}
	return size
}

// names are those of what is open.
func (w *worlds) names() (names []string) {
	for _, f := range w.factors {
		if len(f.options) > 1 && !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}

func (w *worlds) request(world int) trust.Request {
	request := w.base
	request.Context = maps.Clone(w.base.Context)
	for _, f := range w.factors {
		f.options[world%len(f.options)](&request)
		world /= len(f.options)
	}
	return request
}

// decisive names the factors on which the answer depends: those of which some
// option alone changes it.
func (w *worlds) decisive(possible []int, granted map[int]bool) (names []string) {
	isPossible := make(map[int]bool, len(possible))
	for _, world := range possible {
		isPossible[world] = true
	}
	stride := 1
	for _, f := range w.factors {
		if w.decides(len(f.options), stride, possible, isPossible, granted) && !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
		stride *= len(f.options)
	}
	if len(names) == 0 {
		return w.names() // it takes two at once
	}
	return names
}

func (w *worlds) decides(options, stride int, possible []int, isPossible, granted map[int]bool) bool {
	if options < 2 {
		return false
	}
	for _, world := range possible {
		first := world - world/stride%options*stride
		for i := range options {
			if other := first + i*stride; isPossible[other] && granted[other] != granted[world] {
				return true
			}
		}
	}
	return false
}
