package evidence

import (
	"slices"
	"strings"

	"countersign/trust"
)

// settled are the keys that the caller and the call decide.
var settled = []string{
	"sts:externalid", "aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:username", userID,
	mfaPresent, "aws:currenttime", "aws:epochtime", "aws:tokenissuetime", "aws:securetransport",
	"aws:principalisawsservice", "aws:viaawsservice", "aws:resourceaccount", "aws:sourcevpc",
	"aws:principalservicename", "aws:federatedprovider",
}

// key adds what a key that a policy asks for may have been, unless it is known.
func (r *replay) key(w *worlds, c *Caller, m *Manner, key string) {
	if _, shown := m.Keys[key]; shown || slices.Contains(settled, key) || isTagKey(key) || r.isFact(key) {
		return
	}
	switch key {
	case "sts:sourceidentity", "aws:sourceidentity":
		return // a record shows them wherever they are
	case mfaAge:
		r.age(w, m)
		return
	case "aws:principalorgid", "aws:principalorgpaths":
		r.organization(w, c, key)
		return
	case "aws:sourceip", "aws:vpcsourceip":
		r.address(w, m, key)
		return
	}
	if w.checked && strings.HasPrefix(key, "saml:") {
		return
	}
	options := []option{set(key)}
	for _, text := range r.values(key, w.base.Context) {
		options = append(options, set(key, text))
	}
	w.add(naming(key), options...)
}

// isFact reports whether a key tells something of the role that is known.
func (r *replay) isFact(key string) bool {
	switch {
	case strings.HasPrefix(key, "aws:resourcetag/"), strings.HasPrefix(key, "iam:resourcetag/"):
		return r.change.Subject.Tags != nil
	case key == "aws:resourceorgid":
		return r.change.Subject.Organization != ""
	}
	return false
}

// naming says in words what a key is.
func naming(key string) string {
	family, tag, tagged := strings.Cut(key, "/")
	switch {
	case tagged && family == "aws:principaltag":
		return "the caller's tag " + tag
	case tagged && strings.HasSuffix(family, ":resourcetag"):
		return "the role's tag " + tag
	case strings.HasPrefix(key, "aws:resourceorg"):
		return "the role's organization"
	}
	return "the value of " + key
}

// age adds how old the MFA of a session may have been.
func (r *replay) age(w *worlds, m *Manner) {
	if m.MFACode {
		return // it was shown in the call
	}
	ages := append([]string{"1", "129600"}, r.values(mfaAge, nil)...)
	var options []option
	for _, age := range ages {
		options = append(options, func(request *trust.Request) {
			if _, shown := request.Context[mfaAge]; shown {
				request.Context[mfaAge] = []string{age}
			}
		})
	}
	w.add("how long ago the MFA of the caller's session was", options...)
}

// address adds where the call may have come from.
func (r *replay) address(w *worlds, m *Manner, key string) {
	_, direct := m.Keys["aws:sourceip"]
	_, private := m.Keys["aws:vpcsourceip"]
	if direct || private {
		return // it came the other way
	}
	options := []option{set(key, someAddress)}
	if key == "aws:vpcsourceip" {
		options = []option{set(key)}
	}
	for _, text := range r.values(key, nil) {
		options = append(options, set(key, text))
	}
	w.add("the address that the call came from", options...)
}

// organization adds the organizations that the caller's account may belong to.
func (r *replay) organization(w *worlds, c *Caller, key string) {
	if c.Account == r.change.Subject.Account && r.change.Subject.Organization != "" && key == "aws:principalorgid" {
		return
	}
	const other = "the organization of the caller's account"
	var paths []string
	add := func(path string) {
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	if r.asks("aws:principalorgpaths") {
		if key == "aws:principalorgid" {
			return // the paths say it, too
		}
		for _, text := range r.values("aws:principalorgpaths", w.base.Context) {
			for _, path := range pathsLike(text) {
				add(path)
			}
		}
	}
	for _, id := range r.values("aws:principalorgid", w.base.Context) {
		add(id + somePath)
	}
	add("o-unlike0000" + somePath)
	options := []option{func(request *trust.Request) {
		delete(request.Context, "aws:principalorgid")
		delete(request.Context, "aws:principalorgpaths")
	}}
	for _, path := range paths {
		id, _, _ := strings.Cut(path, "/")
		options = append(options, func(request *trust.Request) {
			request.Context["aws:principalorgid"] = []string{id}
			request.Context["aws:principalorgpaths"] = []string{path}
		})
	}
	w.add(other, options...)
}

// pathsLike completes a text to what a path of an organization can be: with a root,
// and a slash at its end. An x at the end stands for any text, none included.
func pathsLike(text string) []string {
	id, rest, _ := strings.Cut(text, "/")
	paths := []string{id + somePath}
	if strings.HasPrefix(rest, "r-") {
		open := strings.TrimSuffix(text, "x")
		paths = append(paths, open, open+"xx12/", strings.TrimSuffix(text, "/")+"/")
	}
	return paths
}

// values lists texts that the policies tell apart under a key, and one that is
// unlike all of them.
func (r *replay) values(key string, known trust.Context) []string {
	var values []string
	r.operands(key, func(family trust.Family, operand *trust.Operand) {
		for _, text := range instances(family, operand, known) {
			if !slices.Contains(values, text) {
				values = append(values, text)
			}
		}
	})
	if !slices.Contains(values, unlike) {
		values = append(values, unlike)
	}
	return values
}

const unlike = "unlike-any"

// instances are texts that an operand matches, or that lie at either side of it.
func instances(family trust.Family, operand *trust.Operand, known trust.Context) []string {
	switch family {
	case trust.BoolEqual:
		return []string{"true", "false"}
	case trust.NullTest:
		return nil
	case trust.NumericEqual, trust.NumericLess, trust.NumericLessOrEqual, trust.NumericGreater, trust.NumericGreaterOrEqual:
		return []string{operand.Text, "0", "999999999"}
	case trust.DateEqual, trust.DateLess, trust.DateLessOrEqual, trust.DateGreater, trust.DateGreaterOrEqual:
		return []string{operand.Text, "1970-01-01T00:00:01Z", "2999-01-01T00:00:00Z"}
	case trust.IPAddress:
		return []string{operand.Prefix.Addr().String()}
	}
	var text strings.Builder
	for _, piece := range operand.Pieces {
		switch piece.Kind {
		case trust.LiteralPiece:
			text.WriteString(piece.Text)
		case trust.AnyRunPiece, trust.AnyOnePiece:
			text.WriteByte('x')
		case trust.VariablePiece:
			if values, ok := known[piece.Key]; ok && len(values) == 1 {
				text.WriteString(values[0])
			} else {
				text.WriteString(piece.Default)
			}
		}
	}
	return []string{text.String()}
}
