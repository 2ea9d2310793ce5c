package report

import "io"

// settingsSchemaName names the contract of docs/schema/countersign.config.v1.json.
const settingsSchemaName = "countersign.config/v1"

// StatedSetting is one setting in effect, with the file and line that it comes
// from; Line is 0 for what nobody has said.
type StatedSetting struct {
	Key, Value string
	Path       string
	Line       int
}

// Settings writes the settings in effect as one JSON document.
func Settings(w io.Writer, files []string, list []StatedSetting, version string) error {
	type stated struct {
		Key   string  `json:"key"`
		Value string  `json:"value"`
		Path  *string `json:"path"`
		Line  *int    `json:"line"`
	}
	made := struct {
		Schema   string   `json:"schema"`
		Tool     tool     `json:"tool"`
		Files    []string `json:"files"`
		Settings []stated `json:"settings"`
	}{Schema: settingsSchemaName, Tool: tool{"countersign", version}, Files: files}
	for _, one := range list {
		made.Settings = append(made.Settings, stated{one.Key, one.Value, orNull(one.Path), positive(one.Line)})
	}
	e := newEncoder(w, Options{Version: version})
	e.value(made)
	e.text("\n")
	return e.flush()
}
