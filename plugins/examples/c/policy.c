#include "policy.h"

#include <string.h>

const char *const tokens[TOKENS] = {"max_tokens", "max_completion_tokens"};

const struct model models[MODELS] = {{"large", "support-agent"}, {"small", "gt-small"}};

// The first of the models that a plan has, and the tokens that one answer of them may take, also as text.
struct budget {
    size_t first;
    uint64_t most;
    const char *most_text;
};

static struct budget budget(struct text plan) {
    if (is(plan, "plus")) {
        return (struct budget){0, 4096, "4096"};
    }
    return (struct budget){1, 512, "512"};
}

bool is(struct text text, const char *other) {
    return text.length == strlen(other) && memcmp(text.at, other, text.length) == 0;
}

// Whether one of a key's lists has this name, or a prefix of it that ends in `*`.
static bool allows(const struct texts *list, const char *name) {
    for (size_t at = 0; list != NULL && at < list->len; at++) {
        struct text entry = list->ptr[at];
        const size_t prefix = entry.length - 1;
        const bool is_prefix = entry.length > 0 && entry.at[prefix] == '*';
        if (is_prefix ? prefix <= strlen(name) && memcmp(name, entry.at, prefix) == 0 : is(entry, name)) {
            return true;
        }
    }
    return list == NULL;
}

#define PARTS 5

// The message is the parts, one after the other; what does not fit is left out.
static struct answer refuse(uint16_t status, const char *code, const char *param,
                            const char *const parts[PARTS]) {
    struct answer answer = {.kind = REFUSE, .status = status, .code = code, .param = param};
    size_t length = 0;
    for (size_t part = 0; part < PARTS && parts[part] != NULL; part++) {
        for (const char *at = parts[part]; *at != 0 && length + 1 < sizeof answer.message; at++) {
            answer.message[length++] = *at;
        }
    }
    return answer;
}

// The member's name as one of `tokens`, which the host was told to ask for.
static const char *name_of(struct text member) {
    return is(member, tokens[0]) ? tokens[0] : tokens[1];
}

struct answer decide(const struct question *question) {
    const struct budget has = budget(question->plan);
    const bool is_chat = is(question->method, "POST") && is(question->path, "/v1/chat/completions");
    const bool is_list = is(question->method, "GET") && is(question->path, "/v1/models");
    if (!is_chat && !is_list) {
        return refuse(404, "unknown_route", NULL, (const char *[PARTS]){
            "Only POST /v1/chat/completions and GET /v1/models are open here."});
    }
    if (!question->for_inference) {
        return refuse(403, "purpose_not_allowed", NULL,
                      (const char *[PARTS]){"This key was not made for inference."});
    }
    bool has_scope = false;
    for (size_t at = 0; at < question->scopes.len; at++) {
        has_scope = has_scope || is(question->scopes.ptr[at], SCOPE);
    }
    if (!has_scope) {
        return refuse(403, "insufficient_scope", NULL,
                      (const char *[PARTS]){"This key needs the scope `" SCOPE "`."});
    }
    if (question->in_conversation && !question->for_conversations) {
        return refuse(403, "conversation_not_allowed", CONVERSATION, (const char *[PARTS]){
            "`" CONVERSATION "` needs a key with the purpose `conversation`."});
    }
    // Those of the plan that the key's own lists have: a plan widens no key.
    const struct model *model = NULL;
    struct answer list = {.kind = LIST};
    for (size_t at = has.first; at < MODELS; at++) {
        if (allows(question->models, models[at].name) && allows(question->published, models[at].published)) {
            list.listed[list.listed_count++] = models[at].name;
            if (question->model != NULL && is(*question->model, models[at].name)) {
                model = &models[at];
            }
        }
    }
    if (is_list) {
        return list;
    }
    if (question->model == NULL) {
        return (struct answer){.kind = READ_MODEL};
    }
    if (model == NULL) {
        return refuse(404, "model_not_found", "model", (const char *[PARTS]){
            "This key has no such model. GET /v1/models lists those it has."});
    }
    for (size_t at = 0; at < question->asked_count; at++) {
        const struct asked *asked = &question->asked[at];
        const char *member = name_of(asked->member);
        if (!asked->is_clear) {
            return refuse(400, "unclear_budget", member, (const char *[PARTS]){
                "`", member, "` must be a whole number, and be there once."});
        }
        if (asked->tokens > has.most) {
            return refuse(400, "over_budget", member, (const char *[PARTS]){
                "Your plan allows `", member, "` up to ", has.most_text, "."});
        }
    }
    return (struct answer){.kind = FORWARD, .published = model->published};
}
