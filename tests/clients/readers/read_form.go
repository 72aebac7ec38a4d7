// How Go reads forms: the models its net/http finds.
//
// In: a form a line, its content type and its body in base64. Out, for each: a JSON object, by reader
// null for a form it refuses, else every value it has under `model` in hexadecimal, `?` for a file.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"strings"
)

func read(kind string, body []byte) []string {
	request, err := http.NewRequest("POST", "/", bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Content-Type", kind)
	if request.ParseMultipartForm(32<<20) != nil {
		return nil
	}
	values := []string{}
	for _, value := range request.MultipartForm.Value["model"] {
		values = append(values, hex.EncodeToString([]byte(value)))
	}
	for range request.MultipartForm.File["model"] {
		values = append(values, "?")
	}
	return values
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		words := strings.Split(lines.Text(), " ")
		kind, err := base64.StdEncoding.DecodeString(words[0])
		if err != nil {
			panic(err)
		}
		body, err := base64.StdEncoding.DecodeString(words[1])
		if err != nil {
			panic(err)
		}
		out.Encode(map[string][]string{"go": read(string(kind), body)})
	}
}
