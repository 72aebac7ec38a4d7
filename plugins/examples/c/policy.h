// The decision itself: a pure function of a few facts, tested on this machine.
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What the key needs for every route.
#define SCOPE "inference:chat"

// The members of a body that ask for tokens.
#define TOKENS 2
extern const char *const tokens[TOKENS];

// What a client may write, and what GT publishes; in ascending order of names.
#define MODELS 2
struct model {
    const char *name, *published;
};
extern const struct model models[MODELS];

// The header of a request that takes part in a conversation.
#define CONVERSATION "x-gt-conversation-id"

// Text as the host gives it: not ended by a zero byte, and it may have some inside.
struct text {
    const char *at;
    size_t length;
};

struct texts {
    const struct text *ptr;
    size_t len;
};

struct asked {
    struct text member;
    // Whether it says a whole number, once.
    bool is_clear;
    uint64_t tokens;
};

// What the policy is told of a request.
struct question {
    struct text method, path;
    // Whether the key was made for inference, or for conversations, which need it.
    bool for_inference, for_conversations;
    struct texts scopes;
    // The names the key may write, and the published ones it may reach; null for all.
    const struct texts *models, *published;
    // The key's label of that name; empty if it has none.
    struct text plan;
    // Whether the request has the header CONVERSATION.
    bool in_conversation;
    // Null until the body was read; empty if it names none.
    const struct text *model;
    // Those of `tokens` that the body has.
    const struct asked *asked;
    size_t asked_count;
};

enum answer_kind { FORWARD, LIST, READ_MODEL, REFUSE };

// What to do with it.
struct answer {
    enum answer_kind kind;
    // FORWARD: the published name.
    const char *published;
    // LIST: the names.
    const char *listed[MODELS];
    size_t listed_count;
    // REFUSE: `param` may be null.
    uint16_t status;
    const char *code, *param;
    char message[128];
};

struct answer decide(const struct question *question);

// Whether a text is this one.
bool is(struct text text, const char *other);

#endif
