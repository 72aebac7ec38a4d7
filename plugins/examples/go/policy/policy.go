// Package policy is the decision itself: a pure function of a few facts, tested on this machine.
package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Scope is what the key needs for every route.
const Scope = "inference:chat"

// Tokens are the members of a body that ask for tokens.
var Tokens = []string{"max_tokens", "max_completion_tokens"}

// Model is what a client may write, and what GT publishes.
type Model struct{ Name, Published string }

// Models are in ascending order of their names.
var Models = []Model{{"large", "support-agent"}, {"small", "gt-small"}}

// Conversation is the header of a request that takes part in one.
const Conversation = "x-gt-conversation-id"

// Question is what the policy is told of a request.
type Question struct {
	Method, Path string
	// ForInference says whether the key was made for inference, or for conversations, which need it.
	ForInference, ForConversations bool
	Scopes                         []string
	// Models are the names the key may write, and Published those it may reach; nil for all.
	Models, Published *[]string
	// Plan is the key's label of that name.
	Plan string
	// InConversation says whether the request has the header Conversation.
	InConversation bool
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

// allows says whether one of a key's lists has this name, or a prefix of it that ends in `*`.
func allows(list *[]string, name string) bool {
	return list == nil || slices.ContainsFunc(*list, func(entry string) bool {
		prefix, isPrefix := strings.CutSuffix(entry, "*")
		return entry == name || isPrefix && strings.HasPrefix(name, prefix)
	})
}

// Decide decides one request.
func Decide(question Question) Answer {
	ofPlan, most := budget(question.Plan)
	route := question.Method + " " + question.Path
	if route != "POST /v1/chat/completions" && route != "GET /v1/models" {
		message := "Only POST /v1/chat/completions and GET /v1/models are open here."
		return Refuse{404, "unknown_route", message, ""}
	}
	if !question.ForInference {
		return Refuse{403, "purpose_not_allowed", "This key was not made for inference.", ""}
	}
	if !slices.Contains(question.Scopes, Scope) {
		message := fmt.Sprintf("This key needs the scope `%s`.", Scope)
		return Refuse{403, "insufficient_scope", message, ""}
	}
	if question.InConversation && !question.ForConversations {
		message := fmt.Sprintf("`%s` needs a key with the purpose `conversation`.", Conversation)
		return Refuse{403, "conversation_not_allowed", message, Conversation}
	}
	// Those of the plan that the key's own lists have: a plan widens no key.
	open := slices.DeleteFunc(slices.Clone(Models), func(model Model) bool {
		return !slices.Contains(ofPlan, model.Name) || !allows(question.Models, model.Name) ||
			!allows(question.Published, model.Published)
	})
	if route == "GET /v1/models" {
		names := []string{}
		for _, model := range open {
			names = append(names, model.Name)
		}
		return List{names}
	}
	if question.Model == nil {
		return ReadModel{}
	}
	at := slices.IndexFunc(open, func(model Model) bool { return model.Name == *question.Model })
	if at < 0 {
		message := "This key has no such model. GET /v1/models lists those it has."
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
	return Forward{open[at].Published}
}
