package policy

import (
	"reflect"
	"testing"
)

func head() Question {
	return Question{
		Method:       "POST",
		Path:         "/v1/chat/completions",
		ForInference: true,
		Scopes:       []string{Scope},
	}
}

func chat(plan, model string, asked ...Asked) Answer {
	question := head()
	question.Plan, question.Model, question.Asked = plan, &model, asked
	return Decide(question)
}

func is(t *testing.T, got, want Answer) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

func isRefused(t *testing.T, got Answer, code string) {
	t.Helper()
	if refused, ok := got.(Refuse); !ok || refused.Code != code {
		t.Errorf("got %#v, want the code %s", got, code)
	}
}

func TestTheLargeModelIsInThePlanPlus(t *testing.T) {
	is(t, chat("plus", "large"), Forward{"support-agent"})
	isRefused(t, chat("", "large"), "model_not_found")
}

func TestEachPlanHasABudget(t *testing.T) {
	for plan, most := range map[string]uint64{"": 512, "other": 512, "plus": 4096} {
		for _, member := range Tokens {
			is(t, chat(plan, "small", Asked{member, most, true}), Forward{"gt-small"})
			isRefused(t, chat(plan, "small", Asked{member, most + 1, true}), "over_budget")
			isRefused(t, chat(plan, "small", Asked{member, 0, false}), "unclear_budget")
		}
	}
}

func TestWhatTheHeadRefusesIsRefusedBeforeTheBodyIsRead(t *testing.T) {
	is(t, Decide(head()), ReadModel{})
	without, elsewhere, forUploads, talks := head(), head(), head(), head()
	without.Scopes = nil
	isRefused(t, Decide(without), "insufficient_scope")
	elsewhere.Path = "/v1/embeddings"
	isRefused(t, Decide(elsewhere), "unknown_route")
	forUploads.ForInference = false
	isRefused(t, Decide(forUploads), "purpose_not_allowed")
	talks.InConversation = true
	isRefused(t, Decide(talks), "conversation_not_allowed")
	talks.ForConversations = true
	is(t, Decide(talks), ReadModel{})
}

func TestAKeySeesTheModelsOfItsPlan(t *testing.T) {
	key := head()
	key.Method, key.Path = "GET", "/v1/models"
	is(t, Decide(key), List{[]string{"small"}})
	key.Plan = "plus"
	is(t, Decide(key), List{[]string{"large", "small"}})
}

func TestAPlanWidensNoKey(t *testing.T) {
	ask := func(models, published *[]string) Answer {
		key, model := head(), "large"
		key.Plan, key.Model, key.Models, key.Published = "plus", &model, models, published
		return Decide(key)
	}
	for _, list := range [][]string{{"support-agent", "large"}, {"support-*", "l*"}, {"*"}} {
		is(t, ask(&list, nil), Forward{"support-agent"})
		is(t, ask(nil, &list), Forward{"support-agent"})
	}
	for _, list := range [][]string{{"gt-small", "small"}, {"support", "larg"}, {}, nil} {
		isRefused(t, ask(&list, nil), "model_not_found")
		isRefused(t, ask(nil, &list), "model_not_found")
	}
}
