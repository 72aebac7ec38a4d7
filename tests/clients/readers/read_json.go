// How Go reads bodies: the model its encoding/json finds, whose keys are compared without case.
//
// In: a body a line, in base64. Out, for each: a JSON object, by decoder null for a body it refuses,
// else the models it finds in hexadecimal, `?` for one that is no string.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
)

type typed struct {
	Model json.RawMessage `json:"model"`
}

func text(raw json.RawMessage) []string {
	if raw == nil {
		return []string{}
	}
	var name string
	if string(raw) == "null" || json.Unmarshal(raw, &name) != nil {
		return []string{"?"}
	}
	return []string{hex.EncodeToString([]byte(name))}
}

// What most servers in Go do.
func intoStruct(body []byte) []string {
	var read typed
	if json.Unmarshal(body, &read) != nil {
		return nil
	}
	return text(read.Model)
}

// It reads one value and leaves what follows.
func fromStream(body []byte) []string {
	var read typed
	if json.NewDecoder(bytes.NewReader(body)).Decode(&read) != nil {
		return nil
	}
	return text(read.Model)
}

func intoMap(body []byte) []string {
	var read map[string]json.RawMessage
	if json.Unmarshal(body, &read) != nil {
		return nil
	}
	return text(read["model"])
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		body, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			panic(err)
		}
		out.Encode(map[string][]string{
			"go struct": intoStruct(body), "go stream": fromStream(body), "go map": intoMap(body),
		})
	}
}
