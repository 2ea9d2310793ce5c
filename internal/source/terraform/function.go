package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"countersign/trust"
)

// call evaluates a function. Those that move values about are written for
// values with unknown parts; the rest come from the library and take known
// values only.
func (s *scope) call(e *hclsyntax.FunctionCallExpr) *value {
	place := s.place(e.Range())
	name := strings.TrimPrefix(e.Name, "core::")
	switch name {
	case "try":
		return s.try(e.Args, place)
	case "can":
		return s.can(e.Args, place)
	}
	args := make([]*value, 0, len(e.Args))
	for i := range e.Args {
		arg := s.eval(e.Args[i])
		if i < len(e.Args)-1 || !e.ExpandFinal {
			args = append(args, arg)
			continue
		}
		if arg.kind != list || !arg.sure() {
			return unknownCall(name, append(args, arg), place)
		}
		args = append(args, arg.items...)
	}
	if f := structural[name]; f != nil { // looks through choices where it can
		return f(s, args, place)
	}
	return each(args, place, func(args []*value) *value {
		for _, arg := range args {
			if arg.bad {
				return arg
			}
		}
		if f := plain[name]; f != nil {
			return f(s, args, place)
		}
		if tooLarge(name, args) {
			s.exceeded(place, name)
			return hugeValue("a result of "+name, place)
		}
		return library(name, args, place)
	})
}

// exceeded says that the result of a function is too large to be read.
func (s *scope) exceeded(place trust.Range, name string) {
	if src := s.in.r.sourceOf(place.File); src != nil {
		s.in.r.fault(src, place.Start, "the result of "+name+" is too large to be read", "")
	}
}

// unknownCall is what a function gives that cannot be evaluated.
func unknownCall(name string, args []*value, place trust.Range) *value {
	described := make([]string, 0, len(args))
	for _, arg := range args {
		if arg.bad {
			return arg
		}
		described = append(described, arg.describe())
	}
	v := composed(name+"("+strings.Join(described, ", ")+")", place)
	for _, arg := range args {
		v.assumed = v.assumed || arg.assumed
	}
	return v
}

// library calls a function of the library.
func library(name string, args []*value, place trust.Range) *value {
	f, ok := functions[name]
	if !ok {
		return unknownCall(name, args, place)
	}
	converted := make([]cty.Value, len(args))
	assumed := false
	for i, arg := range args {
		assumed = assumed || arg.assumed
		v, ok := toCty(arg)
		if !ok {
			return unknownCall(name, args, place)
		}
		converted[i] = v
	}
	if tooLarge(name, args) {
		return hugeValue("a result of "+name, place)
	}
	return callCty(f, converted, place).with(assumed)
}

// tooLarge guards functions whose result may be far larger than what they
// are given.
func tooLarge(name string, args []*value) bool {
	switch name {
	case "setproduct":
		total := 1
		for _, arg := range args {
			if total *= max(len(arg.items), 1); total > maxEntries {
				return true
			}
		}
	case "format", "formatlist", "indent", "pow", "parseint":
		for _, arg := range args {
			if s, ok := arg.scalar(); ok && (arg.kind == number && len(s) > 4 || strings.Count(s, "%") > 100 || longRun(s)) {
				return true
			}
		}
	case "range":
		for _, arg := range args {
			if len(arg.text) > 6 {
				return true
			}
		}
	case "replace", "regexall", "regex":
		for _, arg := range args {
			if s, ok := arg.isText(); ok && len(s) > 64<<10 {
				return true
			}
		}
	}
	return false
}

// longRun reports whether a text has a number of more than four digits, as the
// width in %99999999d.
func longRun(s string) bool {
	run := 0
	percent := false
	for i := range len(s) {
		switch {
		case s[i] == '%':
			percent, run = true, 0
		case percent && s[i] >= '0' && s[i] <= '9':
			if run++; run > 4 {
				return true
			}
		case percent && (s[i] == '.' || s[i] == '-' || s[i] == '+' || s[i] == ' ' || s[i] == '#' || s[i] == '['):
			run = 0
		default:
			percent = false
		}
	}
	return false
}

// callCty calls a function of the library with the conversions that the
// language makes. Faults of any kind give a bad value.
func callCty(f function.Function, args []cty.Value, place trust.Range) (result *value) {
	defer func() {
		if recover() != nil {
			result = badValue("a call that fails", place)
		}
	}()
	parameters, variadic := f.Params(), f.VarParam()
	for i := range args {
		var parameter *function.Parameter
		switch {
		case i < len(parameters):
			parameter = &parameters[i]
		case variadic != nil:
			parameter = variadic
		default:
			return badValue("a call with too many arguments", place)
		}
		converted, err := convert.Convert(args[i], parameter.Type)
		if err != nil {
			return badValue("a call with a wrong argument", place)
		}
		args[i] = converted
	}
	v, err := f.Call(args)
	if err != nil {
		return badValue("a call that fails", place)
	}
	return fromCty(v, place)
}

// try gives the first argument that can be evaluated.
func (s *scope) try(args []hclsyntax.Expression, place trust.Range) *value {
	last := badValue("try with nothing that has a value", place)
	for i, arg := range args {
		last = s.eval(arg)
		switch {
		case last.kind == choice && anyBad(last):
			return s.tryOptions(last, args[i+1:], place)
		case !last.bad:
			return last
		}
	}
	return last
}

func anyBad(v *value) bool {
	for _, item := range v.items {
		if item.bad || item.kind == choice && anyBad(item) {
			return true
		}
	}
	return false
}

// tryOptions goes on to the next argument for the options that are bad.
func (s *scope) tryOptions(v *value, others []hclsyntax.Expression, place trust.Range) *value {
	options := make([]*value, len(v.items))
	for i, option := range v.items {
		switch {
		case option.bad && len(others) > 0:
			options[i] = s.try(others, place)
		case option.kind == choice && anyBad(option):
			options[i] = s.tryOptions(option, others, place)
		default:
			options[i] = option
		}
	}
	return choiceValue(v.on, options, place)
}

func (s *scope) can(args []hclsyntax.Expression, place trust.Range) *value {
	if len(args) != 1 {
		return badValue("can takes one argument", place)
	}
	return each([]*value{s.eval(args[0])}, place, func(args []*value) *value {
		switch {
		case args[0].bad:
			return boolValue(false, place)
		case args[0].open && args[0].lazy == nil && args[0].kind == unknown:
			return composed("can("+args[0].describe()+")", place)
		}
		return boolValue(true, place).with(args[0].assumed)
	})
}
