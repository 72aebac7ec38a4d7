// Package policy is the decision itself: a pure function of a few facts, tested on this machine.
package policy

import (
	"fmt"
	"slices"
)

// Scope is what the key needs for every route.
const Scope = "inference:chat"

// Tokens are the members of a body that ask for tokens.
var Tokens = []string{"max_tokens", "max_completion_tokens"}

// Model is what a client may write, and what GT publishes.
type Model struct{ Name, Published string }

// Models are in ascending order of their names.
var Models = []Model{{"large", "support-agent"}, {"small", "gt-small"}}

// Question is what the policy is told of a request.
type Question struct {
	Method, Path string
	Scopes       []string
	// Plan is the key's label of that name.
	Plan string
	// Model is nil until the body was read, and empty if it names none.
	Model *string
	// Asked are those of Tokens that the body has.
	Asked []Asked
}

// Asked is how many tokens a member asks for. IsClear is false where it does not say a whole number, once.
type Asked struct {
	Member  string
	Tokens  uint64
	IsClear bool
}

// Answer is one of Forward, List, ReadModel and Refuse.
type Answer interface{ isAnswer() }

// Forward sends the request to GT, with this published name.
type Forward struct{ Published string }

// List shows these models.
type List struct{ Models []string }

// ReadModel asks for the body.
type ReadModel struct{}

// Refuse answers the client. Param may be empty.
type Refuse struct {
	Status               uint16
	Code, Message, Param string
}

func (Forward) isAnswer()   {}
func (List) isAnswer()      {}
func (ReadModel) isAnswer() {}
func (Refuse) isAnswer()    {}

// budget gives the models a plan has, and the tokens that one answer of them may take.
func budget(plan string) ([]string, uint64) {
	if plan == "plus" {
		return []string{"large", "small"}, 4096
	}
	return []string{"small"}, 512
}

// Decide decides one request.
func Decide(question Question) Answer {
	models, most := budget(question.Plan)
	route := question.Method + " " + question.Path
	if route != "POST /v1/chat/completions" && route != "GET /v1/models" {
		message := "Only POST /v1/chat/completions and GET /v1/models are open here."
		return Refuse{404, "unknown_route", message, ""}
	}
	if !slices.Contains(question.Scopes, Scope) {
		message := fmt.Sprintf("This key needs the scope `%s`.", Scope)
		return Refuse{403, "insufficient_scope", message, ""}
	}
	if route == "GET /v1/models" {
		return List{models}
	}
	if question.Model == nil {
		return ReadModel{}
	}
	at := slices.IndexFunc(Models, func(model Model) bool { return model.Name == *question.Model })
	if at < 0 || !slices.Contains(models, *question.Model) {
		message := "Your plan has no such model. GET /v1/models lists those it has."
		return Refuse{404, "model_not_found", message, "model"}
	}
	for _, asked := range question.Asked {
		if !asked.IsClear {
			message := fmt.Sprintf("`%s` must be a whole number, and be there once.", asked.Member)
			return Refuse{400, "unclear_budget", message, asked.Member}
		}
		if asked.Tokens > most {
			message := fmt.Sprintf("Your plan allows `%s` up to %d.", asked.Member, most)
			return Refuse{400, "over_budget", message, asked.Member}
		}
	}
	return Forward{Models[at].Published}
}
