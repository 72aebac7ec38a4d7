package policy

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// names is one of a key's lists: the word all, or names.
type names struct{ only *[]string }

func (list *names) UnmarshalJSON(text []byte) error {
	if string(text) == `"all"` {
		return nil
	}
	list.only = new([]string)
	return json.Unmarshal(text, list.only)
}

// asCase is one of the cases that test.sh has written, one for each that `each` makes.
type asCase struct {
	Name, Request     string
	Model             *string
	Purposes, Scopes  []string
	Models, Published names
	Labels, Headers   map[string]string
	Body              map[string]json.RawMessage
	Expect            map[string]any
}

// question asks what a host would ask before it has read the body.
func (it asCase) question() Question {
	method, target, _ := strings.Cut(it.Request, " ")
	_, inConversation := it.Headers[Conversation]
	forConversations := slices.Contains(it.Purposes, "conversation")
	return Question{
		Method:           method,
		Path:             strings.Replace(target, "/api/tenant/", "/v1/", 1),
		ForInference:     forConversations || slices.Contains(it.Purposes, "inference"),
		ForConversations: forConversations,
		Scopes:           it.Scopes,
		Models:           it.Models.only,
		Published:        it.Published.only,
		Plan:             it.Labels["plan"],
		InConversation:   inConversation,
	}
}

func (it asCase) decide() Answer {
	question := it.question()
	answer := Decide(question)
	if answer != (ReadModel{}) {
		return answer
	}
	question.Model = it.Model
	if it.Model == nil {
		question.Model = new(string)
	}
	for _, member := range Tokens {
		if value, isThere := it.Body[member]; isThere {
			asked := Asked{Member: member}
			asked.IsClear = string(value) != "null" && json.Unmarshal(value, &asked.Tokens) == nil
			question.Asked = append(question.Asked, asked)
		}
	}
	return Decide(question)
}

// shown is what a case may expect of an answer, by its words.
func (it asCase) shown(answer Answer) map[string]any {
	switch answer := answer.(type) {
	case Forward:
		route := "/v1/chat/completions"
		return map[string]any{
			"forward":        "POST " + route,
			"path":           route,
			"model":          answer.Published,
			"response_model": *it.Model,
		}
	case List:
		list := []any{}
		for _, name := range answer.Models {
			list = append(list, name)
		}
		return map[string]any{"list": list}
	case Refuse:
		return map[string]any{"refuse": answer.Code, "message": answer.Message, "reason": answer.Code}
	default:
		return nil
	}
}

func TestCases(t *testing.T) {
	text, err := os.ReadFile("../cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []asCase
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, it := range cases {
		t.Run(it.Name, func(t *testing.T) {
			shown := it.shown(it.decide())
			for what, expected := range it.Expect {
				if !reflect.DeepEqual(shown[what], expected) {
					t.Errorf("%s: got %v, want %v", what, shown[what], expected)
				}
			}
		})
	}
}
