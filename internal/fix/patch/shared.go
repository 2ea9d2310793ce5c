package patch

import (
	"fmt"
	"sort"
	"strings"
)

// site is a text that is edited.
type site struct {
	file string
	span
}

// user is a statement of a job.
type user struct{ job, statement int }

// reconcile refuses what would change text that another role is made of and
// needs as it is, or otherwise. Roles that share a text have one fate.
func (p *Plan) reconcile() {
	for _, uses := range p.uses {
		sort.Slice(uses, func(i, j int) bool { return uses[i].start < uses[j].start })
	}
	fates := newFates(len(p.jobs))
	editing := map[site]map[user]string{}
	var sites []site
	for number, one := range p.jobs {
		for i := range one.pieces {
			piece := &one.pieces[i]
			at := site{piece.file, piece.span}
			if editing[at] == nil {
				editing[at] = map[user]string{}
				sites = append(sites, at)
			}
			piece.id = piece.identity()
			editing[at][user{number, piece.statement}] = piece.id
		}
	}
	for _, at := range sites {
		p.compare(at, editing[at], fates)
	}
	p.containers(fates)
	p.overlapping(fates)
	for number, one := range p.jobs {
		reason := fates.reasons[fates.of(number)]
		if reason != nil && one.refusal == nil && len(one.pieces) > 0 {
			one.refuse(reason)
		}
	}
}

// containers holds those who add statements to a list, or to a policy document,
// against everybody else who uses a part of it.
func (p *Plan) containers(fates *fates) {
	adding := map[site]map[int]string{}
	var sites []site
	for number, one := range p.jobs {
		for i := range one.pieces {
			piece := &one.pieces[i]
			if piece.container == (span{}) {
				continue
			}
			at := site{piece.file, piece.container}
			if adding[at] == nil {
				adding[at] = map[int]string{}
				sites = append(sites, at)
			}
			adding[at][number] += piece.id
		}
	}
	for _, at := range sites {
		first := -1
		for number := range adding[at] {
			if first < 0 || number < first {
				first = number
			}
		}
		p.within(at, func(other user) {
			if fates.join(first, other.job); adding[at][other.job] != adding[at][first] {
				fates.refuse(first, p.conflict(first, other.job))
			}
		})
	}
}

func (p *Plan) conflict(one, other int) error {
	return &refusalError{
		fmt.Sprintf("the same text makes %s and %s, which do not change alike", nameOf(p.jobs[one]), nameOf(p.jobs[other])),
		"give each of them a text of its own",
	}
}

// within visits the statements that use a part of a text.
func (p *Plan) within(at site, visit func(user)) {
	uses := p.uses[at.file]
	for i := sort.Search(len(uses), func(i int) bool { return uses[i].start >= at.start }); i < len(uses) && uses[i].start < at.end; i++ {
		if uses[i].end <= at.end {
			visit(user{uses[i].job, uses[i].statement})
		}
	}
}

// compare holds those who edit a text against each other and against everybody
// who uses it.
func (p *Plan) compare(at site, editing map[user]string, fates *fates) {
	first, id := user{job: -1}, ""
	for one, wanted := range editing {
		if first.job < 0 || one.job < first.job || one.job == first.job && one.statement < first.statement {
			first, id = one, wanted
		}
	}
	p.within(at, func(other user) {
		fates.join(first.job, other.job)
		switch {
		case editing[other] == id:
		case other.job == first.job:
			fates.refuse(first.job, &refusalError{"the same text makes two of its statements, which need different conditions", "give each of them a text of its own"})
		default:
			fates.refuse(first.job, p.conflict(first.job, other.job))
		}
	})
}

func nameOf(j *job) string {
	if j.role.Source.Address != "" {
		return j.role.Source.Address
	}
	return j.role.Title()
}

// overlapping refuses edits that touch the same bytes otherwise.
func (p *Plan) overlapping(fates *fates) {
	type made struct {
		Edit
		job int
	}
	var all []made
	seen := map[string]bool{}
	for number, one := range p.jobs {
		if one.refusal != nil {
			continue
		}
		for i := range one.pieces {
			if id := one.pieces[i].id; !seen[id] {
				seen[id] = true
				for _, e := range one.pieces[i].edits {
					all = append(all, made{e, number})
				}
			}
		}
	}
	sort.SliceStable(all, func(i, j int) bool {
		if all[i].File != all[j].File {
			return all[i].File < all[j].File
		}
		return all[i].Start < all[j].Start || all[i].Start == all[j].Start && all[i].End < all[j].End
	})
	last := -1 // the edit that reaches furthest
	for i := range all {
		if last >= 0 && all[last].File == all[i].File && all[i].Start < all[last].End && all[i].Edit != all[last].Edit {
			fates.join(all[i].job, all[last].job)
			fates.refuse(all[i].job, &refusalError{
				fmt.Sprintf("the changes of %s and %s meet in the same text", nameOf(p.jobs[all[last].job]), nameOf(p.jobs[all[i].job])), "",
			})
		}
		if last < 0 || all[last].File != all[i].File || all[i].End > all[last].End {
			last = i
		}
	}
}

// fates are sets of jobs that are all done or all refused.
type fates struct {
	above   []int
	reasons map[int]error
}

func newFates(count int) *fates {
	f := &fates{above: make([]int, count), reasons: map[int]error{}}
	for i := range f.above {
		f.above[i] = i
	}
	return f
}

func (f *fates) of(i int) int {
	for f.above[i] != i {
		f.above[i] = f.above[f.above[i]]
		i = f.above[i]
	}
	return i
}

func (f *fates) join(i, j int) {
	a, b := f.of(i), f.of(j)
	if a == b {
		return
	}
	if f.above[b] = a; f.reasons[a] == nil {
		f.reasons[a] = f.reasons[b]
	}
}

func (f *fates) refuse(i int, why error) {
	if at := f.of(i); f.reasons[at] == nil {
		f.reasons[at] = why
	}
}

// directoryOf is a path without its last part.
func directoryOf(path string) string {
	if at := strings.LastIndexAny(path, `/\`); at >= 0 {
		return path[:at]
	}
	return "."
}
