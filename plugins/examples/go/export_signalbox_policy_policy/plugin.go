// Package export_signalbox_policy_policy speaks the contract; package policy decides. The name is the bindings'.
package export_signalbox_policy_policy

import (
	"slices"

	. "go.bytecodealliance.org/pkg/wit/types"
	"wit_component/policy"
	wit "wit_component/signalbox_policy_types"
)

// chat is the place of the one route that is forwarded.
const chat = 0

func Describe() wit.Description {
	return wit.Description{
		Name:    "chat-budget",
		Version: "0.1.0",
		Routes: []wit.Route{
			route("POST", "/v1/chat/completions", wit.ModelSource_Json),
			route("GET", "/v1/models", wit.ModelSource_None),
		},
		Headers:     []string{policy.Conversation},
		Wants:       wit.Wants_Labels | wit.Wants_Models | wit.Wants_Published,
		BodyMembers: policy.Tokens,
		ModelCount:  uint32(len(policy.Models)),
	}
}

func Models(after Option[string], limit uint32) wit.Page {
	page := wit.Page{}
	for _, model := range policy.Models {
		if model.Name <= after.SomeOr("") {
			continue
		}
		if len(page.Models) == int(limit) {
			page.More = true
			break
		}
		page.Models = append(page.Models, wit.Model{
			Name:      model.Name,
			Published: []string{model.Published},
			Listed:    true,
			Routes:    []wit.RouteIndex{chat},
		})
	}
	return page
}

func Decide(request wit.Request) wit.Decision {
	caller := request.Caller
	forConversations := slices.Contains(caller.Purposes, wit.Purpose_Conversation)
	question := policy.Question{
		Method:           request.Method,
		Path:             request.Path,
		ForInference:     forConversations || slices.Contains(caller.Purposes, wit.Purpose_Inference),
		ForConversations: forConversations,
		Scopes:           caller.Scopes,
		Models:           names(caller.Models),
		Published:        names(caller.Published),
		// Only what Describe asks for is told.
		InConversation: len(request.Headers) > 0,
	}
	for _, label := range caller.Labels {
		if label.F0 == "plan" {
			question.Plan = label.F1
		}
	}
	switch request.Model.Tag() {
	case wit.RequestedModel_Absent:
		question.Model = new(string)
	case wit.RequestedModel_Named:
		name := request.Model.Named()
		question.Model = &name
	}
	for _, member := range request.BodyMembers {
		asked := policy.Asked{Member: member.F0}
		if member.F1.Tag() == wit.BodyMember_Integer {
			asked.Tokens, asked.IsClear = member.F1.Integer(), true
		}
		question.Asked = append(question.Asked, asked)
	}

	switch answer := policy.Decide(question).(type) {
	case policy.Forward:
		return wit.MakeDecisionForward(wit.Forward{
			Route:         chat,
			Model:         Some(answer.Published),
			ResponseModel: Some(*question.Model),
		})
	case policy.List:
		return wit.MakeDecisionListModels(wit.MakeListModeOnly(answer.Models))
	case policy.ReadModel:
		return wit.MakeDecisionReadModel()
	case policy.Refuse:
		refusal := wit.Refusal{
			Status:  answer.Status,
			Code:    answer.Code,
			Message: answer.Message,
			Reason:  answer.Code,
		}
		if answer.Param != "" {
			refusal.Param = Some(answer.Param)
		}
		return wit.MakeDecisionRefuse(refusal)
	default:
		panic("there are four answers")
	}
}

// names gives one of the key's lists; nil if it has no limit.
func names(list wit.Allowance) *[]string {
	if list.Tag() != wit.Allowance_Only {
		return nil
	}
	only := list.Only()
	return &only
}

func route(method, template string, model wit.ModelSource) wit.Route {
	return wit.Route{
		Method:    method,
		Template:  template,
		Verdict:   wit.Verdict_Native,
		Forwarded: true,
		Purposes:  []wit.Purpose{wit.Purpose_Inference},
		Scopes:    [][]string{{policy.Scope}},
		Model:     model,
	}
}
