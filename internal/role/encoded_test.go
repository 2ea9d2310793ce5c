package role

import "testing"

func TestPercentDecoding(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"what IAM encodes", "%7B%22a%22%3A%22b%20c%22%7D", `{"a":"b c"}`},
		{"a plus stands for itself", "%7B%22a%22%3A%22b+c%22%7D", `{"a":"b+c"}`},
		{"digits in small letters", "%7b%22a%22%3a1%7d", `{"a":1}`},
		{"braces left alone", "{%22a%22:1}", `{"a":1}`},
		{"plain JSON with a percent sign", `{"a":"50%7B"}`, `{"a":"50%7B"}`},
		{"plain JSON behind white space", " {\n \"a%20\":1}", " {\n \"a%20\":1}"},
		{"an empty object", "{}", "{}"},
		{"an empty text", "", ""},
		{"letters of several bytes", "%7B%22%C3%A4%22%3A1%7D", `{"ä":1}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			document := Encoded([]byte(test.text))
			document.Decode()
			if document.Err != nil || document.Encoded || string(document.JSON) != test.want {
				t.Errorf("%q, %v; want %q", document.JSON, document.Err, test.want)
			}
		})
	}
	for _, text := range []string{"%", "%7", "%zz", "%7B%2"} {
		document := Encoded([]byte(text))
		if document.Decode(); document.Err == nil || document.JSON != nil {
			t.Errorf("%q is decoded", text)
		}
	}
}
