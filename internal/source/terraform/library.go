package terraform

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// functions come from the library or are written here for known texts. What
// depends on the clock, on chance or on the machine is not among them, so that
// it stays unknown.
var functions = map[string]function.Function{
	"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "log": stdlib.LogFunc,
	"max": stdlib.MaxFunc, "min": stdlib.MinFunc, "pow": stdlib.PowFunc, "signum": stdlib.SignumFunc, "parseint": stdlib.ParseIntFunc,
	"lower": stdlib.LowerFunc, "upper": stdlib.UpperFunc, "title": stdlib.TitleFunc, "strrev": stdlib.ReverseFunc,
	"substr": stdlib.SubstrFunc, "indent": stdlib.IndentFunc, "chomp": stdlib.ChompFunc, "trim": stdlib.TrimFunc,
	"trimspace": stdlib.TrimSpaceFunc, "trimprefix": stdlib.TrimPrefixFunc, "trimsuffix": stdlib.TrimSuffixFunc,
	"format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc, "formatdate": stdlib.FormatDateFunc,
	"timeadd": stdlib.TimeAddFunc, "regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc,
	"replace": onTexts(3, replaceText), "chunklist": stdlib.ChunklistFunc, "csvdecode": stdlib.CSVDecodeFunc,
	"setproduct": stdlib.SetProductFunc, "setintersection": stdlib.SetIntersectionFunc, "setsubtract": stdlib.SetSubtractFunc,
	"range": stdlib.RangeFunc, "length": stdlib.StrlenFunc,
	"startswith": onTextsBool(strings.HasPrefix), "endswith": onTextsBool(strings.HasSuffix), "strcontains": onTextsBool(strings.Contains),
	"base64encode": onTexts(1, func(a []string) (string, error) { return base64.StdEncoding.EncodeToString([]byte(a[0])), nil }),
	"base64decode": onTexts(1, func(a []string) (string, error) {
		decoded, err := base64.StdEncoding.DecodeString(a[0])
		return string(decoded), err
	}),
	"urlencode": onTexts(1, func(a []string) (string, error) { return url.QueryEscape(a[0]), nil }),
	"md5":       digest(func(b []byte) []byte { s := md5.Sum(b); return s[:] }),
	"sha1":      digest(func(b []byte) []byte { s := sha1.Sum(b); return s[:] }),
	"sha256":    digest(func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }),
	"sha512":    digest(func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }),
	"basename":  onTexts(1, func(a []string) (string, error) { return a[0][strings.LastIndexByte(a[0], '/')+1:], nil }),
	"dirname": onTexts(1, func(a []string) (string, error) {
		if at := strings.LastIndexByte(a[0], '/'); at > 0 {
			return a[0][:at], nil
		}
		return ".", nil
	}),
}

// onTexts makes a function of n texts.
func onTexts(n int, f func([]string) (string, error)) function.Function {
	parameters := make([]function.Parameter, n)
	for i := range parameters {
		parameters[i] = function.Parameter{Name: "text", Type: cty.String}
	}
	return function.New(&function.Spec{
		Params: parameters, Type: function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			texts := make([]string, len(args))
			for i := range args {
				texts[i] = args[i].AsString()
			}
			s, err := f(texts)
			return cty.StringVal(s), err
		},
	})
}

func onTextsBool(f func(string, string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "part", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(f(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

func digest(f func([]byte) []byte) function.Function {
	return onTexts(1, func(a []string) (string, error) { return hex.EncodeToString(f([]byte(a[0]))), nil })
}

// replaceText is replace: a text between slashes is a pattern.
func replaceText(a []string) (string, error) {
	if len(a[1]) > 1 && strings.HasPrefix(a[1], "/") && strings.HasSuffix(a[1], "/") {
		v, err := stdlib.RegexReplace(cty.StringVal(a[0]), cty.StringVal(a[1][1:len(a[1])-1]), cty.StringVal(a[2]))
		if err != nil {
			return "", err
		}
		return v.AsString(), nil
	}
	return strings.ReplaceAll(a[0], a[1], a[2]), nil
}
