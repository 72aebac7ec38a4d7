// Speaks the contract; policy.c decides. What is given to the host is freed by the bindings when it was read, and what
// the host gives is ours to free.

#include <stdlib.h>
#include <string.h>

#include "bindings/signalbox_policy.h"
#include "policy.h"

typedef signalbox_policy_string_t string;

// The place of the one route that is forwarded.
#define CHAT 0

// The bindings would have an object file with the types of the world in them; `signalbox build` knows them.
void __component_type_object_force_link_signalbox_policy(void) {}

// A list with room for this many.
#define NEW(list, count)                                      \
    do {                                                      \
        (list).len = (count);                                 \
        (list).ptr = calloc((count), sizeof *(list).ptr);     \
        if ((list).ptr == NULL) abort();                      \
    } while (0)

static void set(string *to, const char *text) {
    signalbox_policy_string_dup(to, text);
}

static void set_option(signalbox_policy_option_string_t *to, const char *text) {
    to->is_some = text != NULL;
    if (text != NULL) {
        set(&to->val, text);
    }
}

static void route(signalbox_policy_types_route_t *route, const char *method, const char *path, uint8_t model) {
    set(&route->method, method);
    set(&route->template_, path);
    route->verdict = SIGNALBOX_POLICY_TYPES_VERDICT_NATIVE;
    route->forwarded = true;
    NEW(route->purposes, 1);
    route->purposes.ptr[0] = SIGNALBOX_POLICY_TYPES_PURPOSE_INFERENCE;
    NEW(route->scopes, 1);
    NEW(route->scopes.ptr[0], 1);
    set(&route->scopes.ptr[0].ptr[0], SCOPE);
    route->model = model;
}

void exports_signalbox_policy_policy_describe(exports_signalbox_policy_policy_description_t *description) {
    memset(description, 0, sizeof *description);
    set(&description->name, "chat-budget");
    set(&description->version, "0.1.0");
    NEW(description->routes, 2);
    route(&description->routes.ptr[CHAT], "POST", "/v1/chat/completions", SIGNALBOX_POLICY_TYPES_MODEL_SOURCE_JSON);
    route(&description->routes.ptr[1], "GET", "/v1/models", SIGNALBOX_POLICY_TYPES_MODEL_SOURCE_NONE);
    NEW(description->headers, 1);
    set(&description->headers.ptr[0], CONVERSATION);
    description->wants = SIGNALBOX_POLICY_TYPES_WANTS_LABELS | SIGNALBOX_POLICY_TYPES_WANTS_MODELS |
                         SIGNALBOX_POLICY_TYPES_WANTS_PUBLISHED;
    NEW(description->body_members, TOKENS);
    for (size_t at = 0; at < TOKENS; at++) {
        set(&description->body_members.ptr[at], tokens[at]);
    }
    description->model_count = MODELS;
}

// Whether a name comes after this one, byte by byte.
static bool is_after(const char *name, const string *after) {
    const size_t length = strlen(name), shorter = length < after->len ? length : after->len;
    const int order = memcmp(name, after->ptr, shorter);
    return order > 0 || (order == 0 && length > after->len);
}

void exports_signalbox_policy_policy_models(string *maybe_after, uint32_t limit,
                                            exports_signalbox_policy_policy_page_t *page) {
    memset(page, 0, sizeof *page);
    NEW(page->models, MODELS);
    size_t count = 0;
    for (size_t at = 0; at < MODELS; at++) {
        if (maybe_after != NULL && !is_after(models[at].name, maybe_after)) {
            continue;
        }
        if (count == limit) {
            page->more = true;
            break;
        }
        signalbox_policy_types_model_t *model = &page->models.ptr[count++];
        set(&model->name, models[at].name);
        NEW(model->published, 1);
        set(&model->published.ptr[0], models[at].published);
        model->listed = true;
        NEW(model->routes, 1);
        model->routes.ptr[0] = CHAT;
    }
    page->models.len = count;
    if (count == 0) {
        free(page->models.ptr);
    }
    if (maybe_after != NULL) {
        signalbox_policy_string_free(maybe_after);
    }
}

static struct text text(string from) {
    return (struct text){(const char *)from.ptr, from.len};
}

// The texts are the host's; the list is ours to free.
static struct texts texts(signalbox_policy_list_string_t from) {
    struct { struct text *ptr; size_t len; } to;
    NEW(to, from.len);
    for (size_t at = 0; at < from.len; at++) {
        to.ptr[at] = text(from.ptr[at]);
    }
    return (struct texts){to.ptr, to.len};
}

// One of the key's lists; empty if it has no limit.
static struct texts names(const signalbox_policy_types_allowance_t *list) {
    const bool is_limited = list->tag == SIGNALBOX_POLICY_TYPES_ALLOWANCE_ONLY;
    return is_limited ? texts(list->val.only) : (struct texts){NULL, 0};
}

static void tell(exports_signalbox_policy_policy_decision_t *decision, const struct answer *answer,
                 const struct text *model) {
    switch (answer->kind) {
    case FORWARD: {
        decision->tag = SIGNALBOX_POLICY_TYPES_DECISION_FORWARD;
        signalbox_policy_types_forward_t *forward = &decision->val.forward;
        forward->route = CHAT;
        set_option(&forward->model, answer->published);
        forward->response_model.is_some = true;
        signalbox_policy_string_dup_n(&forward->response_model.val, model->at, model->length);
        break;
    }
    case LIST: {
        decision->tag = SIGNALBOX_POLICY_TYPES_DECISION_LIST_MODELS;
        decision->val.list_models.tag = SIGNALBOX_POLICY_TYPES_LIST_MODE_ONLY;
        signalbox_policy_list_string_t *only = &decision->val.list_models.val.only;
        NEW(*only, answer->listed_count);
        for (size_t at = 0; at < only->len; at++) {
            set(&only->ptr[at], answer->listed[at]);
        }
        break;
    }
    case READ_MODEL:
        decision->tag = SIGNALBOX_POLICY_TYPES_DECISION_READ_MODEL;
        break;
    case REFUSE: {
        decision->tag = SIGNALBOX_POLICY_TYPES_DECISION_REFUSE;
        signalbox_policy_types_refusal_t *refusal = &decision->val.refuse;
        refusal->status = answer->status;
        set(&refusal->code, answer->code);
        set(&refusal->message, answer->message);
        set_option(&refusal->param, answer->param);
        set(&refusal->reason, answer->code);
        break;
    }
    }
}

void exports_signalbox_policy_policy_decide(exports_signalbox_policy_policy_request_t *request,
                                            exports_signalbox_policy_policy_decision_t *decision) {
    const signalbox_policy_types_caller_t *caller = &request->caller;
    const struct texts scopes = texts(caller->scopes);
    const struct texts models = names(&caller->models), published = names(&caller->published);
    struct { struct asked *ptr; size_t len; } asked;
    NEW(asked, request->body_members.len);
    for (size_t at = 0; at < asked.len; at++) {
        const signalbox_policy_types_body_member_t *value = &request->body_members.ptr[at].f1;
        asked.ptr[at].member = text(request->body_members.ptr[at].f0);
        asked.ptr[at].is_clear = value->tag == SIGNALBOX_POLICY_TYPES_BODY_MEMBER_INTEGER;
        asked.ptr[at].tokens = asked.ptr[at].is_clear ? value->val.integer : 0;
    }
    struct question question = {
        .method = text(request->method),
        .path = text(request->path),
        .scopes = scopes,
        .models = caller->models.tag == SIGNALBOX_POLICY_TYPES_ALLOWANCE_ONLY ? &models : NULL,
        .published = caller->published.tag == SIGNALBOX_POLICY_TYPES_ALLOWANCE_ONLY ? &published : NULL,
        .plan = {"", 0},
        .asked = asked.ptr,
        .asked_count = asked.len,
        // Only what `describe` asks for is told.
        .in_conversation = request->headers.len > 0,
    };
    for (size_t at = 0; at < caller->purposes.len; at++) {
        const bool converses = caller->purposes.ptr[at] == SIGNALBOX_POLICY_TYPES_PURPOSE_CONVERSATION;
        question.for_conversations |= converses;
        question.for_inference |= converses || caller->purposes.ptr[at] == SIGNALBOX_POLICY_TYPES_PURPOSE_INFERENCE;
    }
    for (size_t at = 0; at < caller->labels.len; at++) {
        if (is(text(caller->labels.ptr[at].f0), "plan")) {
            question.plan = text(caller->labels.ptr[at].f1);
        }
    }
    struct text model = {"", 0};
    if (request->model.tag == SIGNALBOX_POLICY_TYPES_REQUESTED_MODEL_NAMED) {
        model = text(request->model.val.named);
    }
    if (request->model.tag != SIGNALBOX_POLICY_TYPES_REQUESTED_MODEL_UNREAD) {
        question.model = &model;
    }

    memset(decision, 0, sizeof *decision);
    const struct answer answer = decide(&question);
    tell(decision, &answer, question.model);
    free((void *)scopes.ptr);
    free((void *)models.ptr);
    free((void *)published.ptr);
    free(asked.ptr);
    exports_signalbox_policy_policy_request_free(request);
}
