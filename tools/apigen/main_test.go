package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gramme-db/gramme/tools/apigen/emit"
	"github.com/gramme-db/gramme/tools/apigen/lock"
	"github.com/gramme-db/gramme/tools/apigen/model"
	"github.com/gramme-db/gramme/tools/apigen/plan"
)

const root = "../.." // of the main module

// wheel returns the locked models where they have been fetched before; a test
// fetches nothing.
func wheel(t *testing.T) (*lock.Lock, *lock.Wheel) {
	t.Helper()
	pinned, err := lock.Load(filepath.Join(root, "internal/api/models.lock"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(defaultCache(), pinned.File)); err != nil {
		t.Skip("the models are not in the cache; go run ./apigen fetches them")
	}
	w, err := pinned.Fetch(defaultCache())
	if err != nil {
		t.Fatal(err)
	}
	return pinned, w
}

// What is committed is what the generator writes.
func TestCommitted(t *testing.T) {
	wheel(t)
	err := run(options{
		lock: filepath.Join(root, "internal/api/models.lock"), out: filepath.Join(root, "internal/api"),
		cache: defaultCache(), check: true,
	})
	if err != nil {
		t.Error(err)
	}
}

// The reader takes the models of every protocol, with their constraints.
func TestReadEveryProtocol(t *testing.T) {
	_, w := wheel(t)
	tests := []struct {
		path      string
		protocol  model.Protocol
		operation string
		shape     string
		check     func(*model.Shape) bool
	}{
		{"dynamodb/2012-08-10", model.JSON, "SearchVectors", "IndexName", func(s *model.Shape) bool { return *s.Min == 3 && s.Pattern == "[a-zA-Z0-9_.-]+" }},
		{"kinesis/2013-12-02", model.JSON, "PutRecords", "PartitionKey", func(s *model.Shape) bool { return *s.Max == 256 }},
		{"sqs/2012-11-05", model.JSON, "SendMessage", "SendMessageRequest", func(s *model.Shape) bool { return s.Members[0].Name == "QueueUrl" && s.Members[0].Required }},
		{"sns/2010-03-31", model.Query, "Publish", "MessageAttributeMap", func(s *model.Shape) bool { return s.Key.LocationName == "Name" && s.Value.LocationName == "Value" }},
		{"sts/2011-06-15", model.Query, "AssumeRole", "roleDurationSecondsType", func(s *model.Shape) bool { return *s.Min == 900 && *s.Max == 43200 }},
		{"lambda/2015-03-31", model.RESTJSON, "Invoke", "InvocationRequest", func(s *model.Shape) bool {
			return s.Payload == "Payload" && s.Members[0].Location == "uri" && s.Members[0].LocationName == "FunctionName"
		}},
		{"s3/2006-03-01", model.RESTXML, "PutObject", "PutObjectRequest", func(s *model.Shape) bool {
			return s.Payload == "Body" && s.Members[1].Name == "Body" && s.Members[1].Streaming
		}},
	}
	for _, test := range tests {
		data, err := w.File("botocore/data/" + test.path + "/service-2.json.gz")
		if err != nil {
			t.Fatal(err)
		}
		m, err := model.Read(data)
		if err != nil {
			t.Errorf("%s: %v", test.path, err)
			continue
		}
		if m.Protocol != test.protocol {
			t.Errorf("%s: protocol %s, want %s", test.path, m.Protocol, test.protocol)
		}
		if !hasOperation(m, test.operation) {
			t.Errorf("%s: no operation %s", test.path, test.operation)
		}
		if shape := m.Shapes[test.shape]; shape == nil || !test.check(shape) {
			t.Errorf("%s: shape %s is %+v", test.path, test.shape, shape)
		}
		p, err := plan.New("service", m, new(plan.Overlay))
		if err != nil {
			t.Errorf("%s: %v", test.path, err)
			continue
		}
		if _, err := emit.Service(p); test.protocol != model.JSON && (err == nil || !strings.Contains(err.Error(), "no emitter for protocol "+string(test.protocol))) {
			t.Errorf("%s: %v", test.path, err)
		}
	}
}

func hasOperation(m *model.Service, name string) bool {
	for _, o := range m.Operations {
		if o.Name == name {
			return true
		}
	}
	return false
}

// The code for other JSON services compiles: of JSON 1.1, and with attribute
// values in answers alone.
func TestOtherServicesCompile(t *testing.T) {
	_, w := wheel(t)
	overlays := fstest.MapFS{
		"dynamodbstreams.json": {Data: []byte(`{"javaPackage": "com.amazonaws.dynamodb.v20120810", "attributeValue": "AttributeValue"}`)},
	}
	for _, path := range []string{"kinesis/2013-12-02", "dynamodbstreams/2012-08-10"} {
		data, err := w.File("botocore/data/" + path + "/service-2.json.gz")
		if err != nil {
			t.Fatal(err)
		}
		service := filepath.Dir(path)
		files, err := generate(service, data, overlays)
		if err != nil {
			t.Errorf("%s: %v", service, err)
			continue
		}
		compile(t, service, files)
	}
}

// compile builds a package that is in no folder, as if it were generated.
func compile(t *testing.T, service string, files map[string][]byte) {
	t.Helper()
	base, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := make(map[string]string)
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(base, "internal/api", service, name)] = path
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlayPath := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlayPath, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-overlay", overlayPath, "./internal/api/"+service)
	cmd.Dir = base
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", service, err, out)
	}
}

const smallModel = `{
  "metadata": {"apiVersion": "2020-01-02", "protocol": "json", "jsonVersion": "1.1", "targetPrefix": "Small_20200102", "endpointPrefix": "small", "serviceId": "Small"},
  "operations": {"Do": {"name": "Do", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "DoRequest"}, "errors": [{"shape": "Broken"}]}},
  "shapes": {
    "DoRequest": {"type": "structure", "required": ["Name"], "members": {"Zeta": {"shape": "Count"}, "Name": {"shape": "Name"}, "alpha": {"shape": "Names"}}},
    "Name": {"type": "string", "min": 1, "pattern": "[a-z]+"},
    "Names": {"type": "list", "member": {"shape": "Name"}},
    "Count": {"type": "integer", "max": 5},
    "Broken": {"type": "structure", "exception": true, "fault": true, "members": {"Message": {"shape": "Name"}}}
  }
}`

func TestGenerate(t *testing.T) {
	files, err := generate("small", []byte(smallModel), fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := generate("small", []byte(smallModel), fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	for name := range files {
		if string(files[name]) != string(again[name]) {
			t.Errorf("%s differs from run to run", name)
		}
	}
	contains := map[string][]string{
		"small.go":   {"// Code generated by tools/apigen from small 2020-01-02; DO NOT EDIT.", `JSONVersion  = "1.1"`, "*DoRequest", `awsjson.Operation("Do", o.Do)`},
		"op_do.go":   {"type DoRequest struct {\n\tZeta  wire.Opt[int64]\n\tName  wire.Opt[string]\n\tAlpha []string\n}", "type DoOutput struct{}"},
		"errors.go":  {`MessageMember: "Message"`, "Status:        500"},
		"scalars.go": {"'a' <= c && c <= 'z'", `"Member must have value less than or equal to 5"`},
	}
	for name, parts := range contains {
		for _, part := range parts {
			if !strings.Contains(string(files[name]), part) {
				t.Errorf("%s lacks %s:\n%s", name, part, files[name])
			}
		}
	}
}

// A correction that no longer fits its model is an error, as is one without a
// reason.
func TestOverlayErrors(t *testing.T) {
	tests := map[string]string{
		`{"corrections": [{"shapes": {"Name": {"min": 2}}}]}`:                                             "has no reason",
		`{"corrections": [{"reason": "r", "shapes": {"Gone": {"min": 2}}}]}`:                              "shape Gone: is not in the model",
		`{"corrections": [{"reason": "r", "shapes": {"New": {"like": "Gone"}}}]}`:                         "is like Gone",
		`{"corrections": [{"reason": "r", "shapes": {"Name": {"enum": ["A"]}}}]}`:                         "the model has the values []",
		`{"corrections": [{"reason": "r", "members": {"DoRequest.Gone": {"optional": true}}}]}`:           "member DoRequest.Gone: is not in the model",
		`{"corrections": [{"reason": "r", "structures": {"DoRequest": {"order": ["Gone"]}}}]}`:            "has no member Gone",
		`{"corrections": [{"reason": "r", "namespaces": {"Name": "n"}}]}`:                                 "no exception Name",
		`{"corrections": [{"reason": "r", "shapes": {"Name": {"pattern": "x", "matches": ["\\\\Q["]}}}]}`: "matches",
		`{"streamed": ["DoRequest.Gone"]}`:                                                                "streamed DoRequest.Gone: is not in the model",
		`{"streamed": ["DoRequest.Zeta"]}`:                                                                "streamed DoRequest.Zeta: is neither a list of items nor a map of such at the beginning of an answer",
		`{"streamed": ["DoRequest.alpha"]}`:                                                               "streamed DoRequest.alpha: is neither a list of items nor a map of such at the beginning of an answer",
		`{"correction": []}`:                                                                              "unknown field",
	}
	for overlay, want := range tests {
		_, err := generate("small", []byte(smallModel), fstest.MapFS{"small.json": {Data: []byte(overlay)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot  %v\nwant %s", overlay, err, want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	tests := map[string]string{
		`{`:                                  "unexpected end",
		`{"metadata": {"protocol": "soap"}}`: `unknown protocol "soap"`,
		`{"metadata": {"protocol": "json"}, "operations": {"Do": {"input": {"shape": "Gone"}}}}`:                          "no shape Gone",
		`{"metadata": {"protocol": "json"}, "shapes": {"A": {"type": "list"}}}`:                                           "has no member",
		`{"metadata": {"protocol": "json"}, "shapes": {"A": {"type": "map"}}}`:                                            "has no key",
		`{"metadata": {"protocol": "json"}, "shapes": {"A": {"type": "tree"}}}`:                                           `unknown type "tree"`,
		`{"metadata": {"protocol": "json"}, "shapes": {"A": {"type": "structure", "members": {"B": {"shape": "Gone"}}}}}`: "uses Gone",
	}
	for data, want := range tests {
		if _, err := model.Read([]byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot  %v\nwant %s", data, err, want)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	files := map[string][]byte{"a.go": []byte("package a\n"), "b.go": []byte("package a\n\nvar B int\n")}
	steps := []struct {
		files map[string][]byte
		check bool
		want  string
	}{
		{files, true, "+ a.go + b.go"},
		{files, false, "+ a.go + b.go"},
		{files, true, ""},
		{map[string][]byte{"b.go": []byte("package a\n\nvar C int\n")}, true, "- a.go M b.go:3\n\tis:     var B int\n\tshould: var C int"},
		{map[string][]byte{"b.go": files["b.go"]}, false, "- a.go"},
		{map[string][]byte{"b.go": files["b.go"]}, true, ""},
	}
	for i, step := range steps {
		changes, err := write(dir, step.files, step.check)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.ReplaceAll(strings.Join(changes, " "), dir+string(filepath.Separator), "")
		if got != step.want {
			t.Errorf("step %d: got %q, want %q", i, got, step.want)
		}
	}
}

// Every overlay is for a service that is generated.
func TestOverlaysAreUsed(t *testing.T) {
	pinned, err := lock.Load(filepath.Join(root, "internal/api/models.lock"))
	if err != nil {
		t.Fatal(err)
	}
	services := make(map[string]bool)
	for _, m := range pinned.Models {
		services[m.Service+".json"] = true
	}
	entries, err := fs.ReadDir(embedded, "overlays")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !services[entry.Name()] {
			t.Errorf("overlays/%s belongs to no service in models.lock", entry.Name())
		}
	}
}
