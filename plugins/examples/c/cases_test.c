// The cases, asked here as a host asks them of the component. `test.sh` has them written to cases.json, one for each
// that `each` makes.
#include "policy.h"

#undef NDEBUG
#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What no case here has more of.
#define MOST 8

static struct text text(const char *at) {
    return (struct text){at, strlen(at)};
}

static const char *string(const cJSON *object, const char *name) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

// A list, in room that the caller has.
static struct texts list(const cJSON *array, struct text room[MOST]) {
    size_t count = 0;
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, array) {
        assert(count < MOST);
        room[count++] = text(cJSON_GetStringValue(entry));
    }
    return (struct texts){room, count};
}

static bool has(struct texts texts, const char *word) {
    for (size_t at = 0; at < texts.len; at++) {
        if (is(texts.ptr[at], word)) {
            return true;
        }
    }
    return false;
}

static struct asked asked(const char *member, const cJSON *value) {
    struct asked asked = {text(member), cJSON_IsNumber(value), 0};
    if (asked.is_clear) {
        // The greatest is 2^64 here: no other number of the cases is too large for a double.
        asked.tokens = value->valuedouble < 0x1p64 ? (uint64_t)value->valuedouble : UINT64_MAX;
    }
    return asked;
}

static struct answer answer(const cJSON *it) {
    struct text rooms[4][MOST];
    struct text request = text(string(it, "request"));
    const size_t method = strcspn(request.at, " ");
    char path[128];
    const char *target = request.at + method + 1, *base = "/api/tenant";
    const bool has_base = strncmp(target, base, strlen(base)) == 0;
    snprintf(path, sizeof path, "%s%s", has_base ? "/v1" : "", has_base ? target + strlen(base) : target);

    const struct texts purposes = list(cJSON_GetObjectItem(it, "purposes"), rooms[0]);
    const cJSON *models = cJSON_GetObjectItem(it, "models"), *published = cJSON_GetObjectItem(it, "published");
    const struct texts may_write = list(models, rooms[1]), may_reach = list(published, rooms[2]);
    const char *plan = string(cJSON_GetObjectItem(it, "labels"), "plan");
    struct question question = {
        .method = {request.at, method},
        .path = text(path),
        .for_inference = has(purposes, "inference") || has(purposes, "conversation"),
        .for_conversations = has(purposes, "conversation"),
        .scopes = list(cJSON_GetObjectItem(it, "scopes"), rooms[3]),
        .models = cJSON_IsArray(models) ? &may_write : NULL,
        .published = cJSON_IsArray(published) ? &may_reach : NULL,
        .plan = text(plan == NULL ? "" : plan),
        .in_conversation = string(cJSON_GetObjectItem(it, "headers"), CONVERSATION) != NULL,
    };
    const struct answer head = decide(&question);
    if (head.kind != READ_MODEL) {
        return head;
    }

    const char *name = string(it, "model");
    const struct text model = text(name == NULL ? "" : name);
    struct asked members[TOKENS];
    question.model = &model;
    question.asked = members;
    for (size_t at = 0; at < TOKENS; at++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItem(it, "body"), tokens[at]);
        if (value != NULL) {
            members[question.asked_count++] = asked(tokens[at], value);
        }
    }
    return decide(&question);
}

// What a case may expect of an answer, by its words; null for what it has not.
static cJSON *shown(const struct answer *answer, const char *model) {
    cJSON *shown = cJSON_CreateObject();
    switch (answer->kind) {
    case FORWARD:
        cJSON_AddStringToObject(shown, "forward", "POST /v1/chat/completions");
        cJSON_AddStringToObject(shown, "path", "/v1/chat/completions");
        cJSON_AddStringToObject(shown, "model", answer->published);
        cJSON_AddStringToObject(shown, "response_model", model);
        break;
    case LIST:
        cJSON_AddItemToObject(shown, "list", cJSON_CreateStringArray(answer->listed, (int)answer->listed_count));
        break;
    case READ_MODEL:
        break;
    case REFUSE:
        cJSON_AddStringToObject(shown, "refuse", answer->code);
        cJSON_AddStringToObject(shown, "message", answer->message);
        cJSON_AddStringToObject(shown, "reason", answer->code);
        break;
    }
    return shown;
}

static size_t differences(const cJSON *it) {
    const struct answer decided = answer(it);
    cJSON *decision = shown(&decided, string(it, "model"));
    size_t count = 0;
    const cJSON *expected = NULL;
    cJSON_ArrayForEach(expected, cJSON_GetObjectItem(it, "expect")) {
        const cJSON *got = cJSON_GetObjectItemCaseSensitive(decision, expected->string);
        if (!cJSON_Compare(got, expected, true)) {
            printf("%s: not the %s that is expected\n", string(it, "name"), expected->string);
            count++;
        }
    }
    cJSON_Delete(decision);
    return count;
}

int main(void) {
    static char json[1 << 20];
    FILE *file = fopen("cases.json", "rb");
    assert(file != NULL);
    const size_t length = fread(json, 1, sizeof json, file);
    assert(fclose(file) == 0 && length < sizeof json);
    cJSON *cases = cJSON_ParseWithLength(json, length);
    assert(cJSON_GetArraySize(cases) > 0);
    size_t failed = 0;
    const cJSON *it = NULL;
    cJSON_ArrayForEach(it, cases) {
        failed += differences(it);
    }
    printf("%d cases, %zu differences\n", cJSON_GetArraySize(cases), failed);
    cJSON_Delete(cases);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
