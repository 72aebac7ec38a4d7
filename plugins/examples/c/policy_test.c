#include "policy.h"

#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

static struct text text(const char *at) {
    return (struct text){at, strlen(at)};
}

static const struct text scopes[] = {{SCOPE, sizeof SCOPE - 1}};

static struct question head(void) {
    return (struct question){.method = text("POST"),
                             .path = text("/v1/chat/completions"),
                             .for_inference = true,
                             .scopes = {scopes, 1},
                             .plan = text("")};
}

static struct answer chat(const char *plan, const char *model, const struct asked *asked) {
    const struct text name = text(model);
    struct question question = head();
    question.plan = text(plan);
    question.model = &name;
    question.asked = asked;
    question.asked_count = asked == NULL ? 0 : 1;
    return decide(&question);
}

static bool forwards(struct answer answer, const char *published) {
    return answer.kind == FORWARD && strcmp(answer.published, published) == 0;
}

static bool refuses(struct answer answer, const char *code) {
    return answer.kind == REFUSE && strcmp(answer.code, code) == 0;
}

static void the_large_model_is_in_the_plan_plus(void) {
    assert(forwards(chat("plus", "large", NULL), "support-agent"));
    assert(refuses(chat("", "large", NULL), "model_not_found"));
}

static void each_plan_has_a_budget(void) {
    const struct { const char *plan; uint64_t most; } plans[] = {{"", 512}, {"other", 512}, {"plus", 4096}};
    for (size_t plan = 0; plan < 3; plan++) {
        for (size_t member = 0; member < TOKENS; member++) {
            struct asked asked = {text(tokens[member]), true, plans[plan].most};
            assert(forwards(chat(plans[plan].plan, "small", &asked), "gt-small"));
            asked.tokens++;
            assert(refuses(chat(plans[plan].plan, "small", &asked), "over_budget"));
            asked.is_clear = false;
            assert(refuses(chat(plans[plan].plan, "small", &asked), "unclear_budget"));
        }
    }
}

static void what_the_head_refuses_is_refused_before_the_body_is_read(void) {
    struct question question = head();
    assert(decide(&question).kind == READ_MODEL);
    question.scopes.len = 0;
    assert(refuses(decide(&question), "insufficient_scope"));
    question = head();
    question.path = text("/v1/embeddings");
    assert(refuses(decide(&question), "unknown_route"));
    question = head();
    question.for_inference = false;
    assert(refuses(decide(&question), "purpose_not_allowed"));
    question = head();
    question.in_conversation = true;
    assert(refuses(decide(&question), "conversation_not_allowed"));
    question.for_conversations = true;
    assert(decide(&question).kind == READ_MODEL);
}

static void a_key_sees_the_models_of_its_plan(void) {
    struct question question = head();
    question.method = text("GET");
    question.path = text("/v1/models");
    struct answer answer = decide(&question);
    assert(answer.kind == LIST && answer.listed_count == 1);
    assert(strcmp(answer.listed[0], "small") == 0);
    question.plan = text("plus");
    answer = decide(&question);
    assert(answer.kind == LIST && answer.listed_count == 2);
    assert(strcmp(answer.listed[0], "large") == 0);
}

static void a_plan_widens_no_key(void) {
    const struct { const char *names[2]; bool is_open; } lists[] = {
        {{"support-agent", "large"}, true}, {{"support-*", "l*"}, true}, {{"*", "*"}, true},
        {{"gt-small", "small"}, false},     {{"support", "larg"}, false},
    };
    const struct text name = text("large");
    for (size_t at = 0; at < sizeof lists / sizeof *lists; at++) {
        const struct text entries[] = {text(lists[at].names[0]), text(lists[at].names[1])};
        const struct texts list = {entries, 2}, none = {NULL, 0};
        for (int of_models = 0; of_models < 2; of_models++) {
            struct question question = head();
            question.plan = text("plus");
            question.model = &name;
            const struct texts **limit = of_models ? &question.models : &question.published;
            *limit = &list;
            const struct answer answer = decide(&question);
            assert(lists[at].is_open ? forwards(answer, "support-agent") : refuses(answer, "model_not_found"));
            *limit = &none;
            assert(refuses(decide(&question), "model_not_found"));
        }
    }
}

int main(void) {
    the_large_model_is_in_the_plan_plus();
    each_plan_has_a_budget();
    what_the_head_refuses_is_refused_before_the_body_is_read();
    a_key_sees_the_models_of_its_plan();
    a_plan_widens_no_key();
    puts("5 passed");
}
