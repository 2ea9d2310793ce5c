package awstest

import (
	"fmt"
	"net/http"
)

// Refuse answers with an error as IAM and STS give it.
func Refuse(status int, code, message string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ func() []byte) {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, code, message)
	}
}

// RefuseJSON answers with an error as Organizations gives it.
func RefuseJSON(status int, code, message string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ func() []byte) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q,"message":%q}`, code, message)
	}
}

// Say answers with a text of any kind.
func Say(status int, text string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ func() []byte) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

// Cut answers with a part of the sound answer and then breaks the connection.
// At 0 it breaks before any answer.
func Cut(part float64) Fault {
	return func(w http.ResponseWriter, _ *http.Request, sound func() []byte) {
		if part > 0 {
			answer := sound()
			w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
			_, _ = w.Write(answer[:int(part*float64(len(answer)))])
			if flusher, ok := w.(http.Flusher); ok {
				flusher.Flush()
			}
		}
		panic(http.ErrAbortHandler)
	}
}

// Lose has the call done and breaks the connection before any answer.
func Lose(_ http.ResponseWriter, _ *http.Request, sound func() []byte) {
	sound()
	panic(http.ErrAbortHandler)
}

// Short answers with a part of the sound answer as if that were the whole.
func Short(part float64) Fault {
	return func(w http.ResponseWriter, _ *http.Request, sound func() []byte) {
		answer := sound()
		_, _ = w.Write(answer[:int(part*float64(len(answer)))])
	}
}

// Hang answers nothing until the caller goes.
func Hang(_ http.ResponseWriter, r *http.Request, _ func() []byte) {
	<-r.Context().Done()
}
