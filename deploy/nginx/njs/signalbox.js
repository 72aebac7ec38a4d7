// nginx asks Signalbox about each request, sends what it is told to, and puts the client's name for a
// model into what comes back. Everything is bytes: no JSON of a client or of GT is parsed or written.
//
// A request goes on only after an answer of the authorizer that says so. Whatever fails is a refusal.

// What the authorizer said of this request. nginx gives each request a copy of this module.
let plan = null;
let edits = null;

const HIDDEN = [
    'alt-svc', 'authentication-info', 'clear-site-data', 'connection', 'http2-settings', 'keep-alive',
    'location', 'proxy-authenticate', 'proxy-authentication-info', 'proxy-authorization',
    'proxy-connection', 'refresh', 'server', 'set-cookie', 'set-cookie2', 'strict-transport-security',
    'te', 'trailer', 'transfer-encoding', 'upgrade', 'www-authenticate',
];
// True of exactly the bytes GT sent.
const EXACT = [
    'accept-ranges', 'content-digest', 'content-length', 'content-md5', 'digest', 'etag', 'repr-digest',
    'signature', 'signature-input', 'x-content-digest',
];
const OTHER = 0;
const JSON_TEXT = 1;
const EVENTS = 2;
const START = 0;
const KEY = 1;
const IN_KEY = 2;
const COLON = 3;
const VALUE = 4;
const NEXT = 5;
const INSIDE = 6;
const PASSING = 7;
const HOLDING = 8;
const THROUGH = 9;
const MODEL = Buffer.from('model');
const NONE = Buffer.alloc(0);
// A value of `model` longer than this is nobody's name.
const LONGEST = 64 * 1024;
const UNESCAPED = {
    0x22: 0x22, 0x5c: 0x5c, 0x2f: 0x2f, 0x62: 8, 0x66: 12, 0x6e: 10, 0x72: 13, 0x74: 9,
};
const MARK = [0xef, 0xbb, 0xbf];
const DATA = Buffer.from('data');
const LINE_MARK = 0;
const LINE_NAME = 1;
const LINE_SPACE = 2;
const LINE_DATA = 3;
const LINE_OTHER = 4;

const AWAY = '{"error":{"message":"The gate cannot be asked, so the request is refused. Tell the operator.",'
    + '"type":"server_error","param":null,"code":"policy_failed"}}';
const ACCESS = { body: '/_signalbox/body', head: '/_signalbox/head' };

async function with_body(r) {
    try {
        // Brings it here; the subrequest sends it as it came.
        await r.readRequestArrayBuffer();
    } catch (error) {
        return refuse(r, 'the body was not read: ' + error);
    }
    return ask(r, ACCESS.body);
}

async function with_head(r) {
    return ask(r, ACCESS.head);
}

async function ask(r, where) {
    try {
        const reply = await r.subrequest(where, { method: 'POST' });
        const said = reply.headersOut['X-Signalbox-Authz'];
        if (said == 'answer') {
            return answer(r, reply);
        }
        if (reply.status != 200 || said != 'forward') {
            return refuse(r, 'no answer of the authorizer: status ' + reply.status);
        }
        forward(r, reply.responseBuffer);
    } catch (error) {
        return refuse(r, error);
    }
}

// The first line is the plan, in JSON; then come the header lines for GT and its body, as they are.
function forward(r, said) {
    const end = said.indexOf(10);
    const told = JSON.parse(said.subarray(0, end).toString());
    const body = end + 1 + told.lines;
    const variables = r.variables;
    variables.signalbox_lines =
        Buffer.concat([Buffer.from(told.authorization), said.subarray(end + 1, body)]);
    variables.signalbox_body = said.subarray(body);
    variables.signalbox_length = said.length > body ? String(said.length - body) : '';
    variables.signalbox_method = told.method;
    variables.signalbox_uri = told.uri;
    told.key = Buffer.from(told.authorization.replace(/^Bearer /, ''));
    plan = told;
}

// The gate answers by itself.
function answer(r, reply) {
    reply.rawHeadersOut.forEach((line) => {
        if (!/^(x-signalbox-authz|content-length|content-type|connection|date|server|transfer-encoding)$/i.test(line[0])) {
            r.headersOut[line[0]] = line[1];
        }
    });
    r.headersOut['Content-Type'] = reply.headersOut['Content-Type'];
    r.return(reply.status, reply.responseBuffer);
}

function refuse(r, reason) {
    r.error('signalbox: ' + reason);
    r.headersOut['Content-Type'] = 'application/json';
    r.headersOut['X-Should-Retry'] = 'false';
    r.return(503, AWAY);
}

// --- GT's response ---

function response_head(r) {
    if (plan === null) {
        return;
    }
    const refusal = refused(r);
    if (refusal !== null) {
        return replace(r, plan.refusals[refusal]);
    }
    const kind = kind_of(r.headersOut['Content-Type']);
    const is_error = r.status >= 400;
    const stamps = plan.stamp !== null && kind !== OTHER && r.status != 204 && r.status != 304;
    edits = {
        restamp: !stamps ? null : kind === EVENTS ? new Sse(plan.stamp) : new Json(plan.stamp),
        mask: is_error ? new Mask(plan.key) : null,
    };
    const changed = stamps || kind === EVENTS;
    const connection = r.variables.upstream_http_connection;
    const named = connection ? connection.toLowerCase().split(/[\s,]+/) : [];
    r.rawHeadersOut.forEach((line) => {
        const name = line[0].toLowerCase();
        const is_untrue = EXACT.includes(name) && (changed || is_error && name != 'content-length');
        if (is_ours(name) || is_untrue || named.includes(name)
            || is_error && Buffer.from(line[1]).includes(plan.key)) {
            delete r.headersOut[line[0]];
        }
    });
    if (stamps) {
        delete r.headersOut['Content-Length'];
    }
    stamp_head(r);
}

// Why GT's response is not the client's; null if it is.
function refused(r) {
    const status = r.status;
    if (!received(r)) {
        return status == 504 ? 'timeout' : 'unreachable';
    }
    if (status == 401 || status == 403) {
        return 'credential';
    }
    if (status >= 300 && status < 400 && status != 304) {
        return 'redirect';
    }
    // nginx takes an interim answer for the final one, and what follows for its body.
    if (status < 200 || status >= 600) {
        return 'protocol';
    }
    const encoding = r.headersOut['Content-Encoding'];
    const is_plain = !encoding || encoding.split(',').every((it) => /^\s*(identity)?\s*$/i.test(it));
    const kind = kind_of(r.headersOut['Content-Type']);
    if (plan.stamp !== null && kind !== OTHER && status != 204 && status != 304
        && (status == 206 || !is_plain)) {
        return 'partial';
    }
    return status >= 400 && encoding && !/^\s*identity\s*$/i.test(encoding) ? 'compressed' : null;
}

// Whether GT sent a head: if not, the response is nginx's own.
function received(r) {
    const time = r.variables.upstream_header_time;
    return time !== undefined && /[0-9]\s*$/.test(time);
}

function replace(r, refusal) {
    r.rawHeadersOut.forEach((line) => {
        delete r.headersOut[line[0]];
    });
    r.status = refusal.status;
    refusal.headers.forEach((line) => {
        r.headersOut[line[0]] = line[1];
    });
    edits = { replaced: Buffer.from(refusal.body) };
    r.headersOut['Content-Length'] = String(edits.replaced.length);
    stamp_head(r);
}

function stamp_head(r) {
    plan.headers.forEach((line) => {
        r.headersOut[line[0]] = line[1];
    });
    if (plan.request_id !== null && !r.headersOut['X-Request-Id']) {
        r.headersOut['X-Request-Id'] = plan.request_id;
    }
    if (!r.headersOut['Date']) {
        r.headersOut['Date'] = new Date().toUTCString();
    }
}

function is_ours(name) {
    return HIDDEN.includes(name) || name.startsWith('access-control-') || name.startsWith('x-signalbox-');
}

function kind_of(type) {
    const essence = (type || '').split(';')[0].trim().toLowerCase();
    if (essence == 'text/event-stream') {
        return EVENTS;
    }
    const is_json = essence == 'application/json' || /^application\/[^/]*\+json$/.test(essence);
    return is_json ? JSON_TEXT : OTHER;
}

function response_body(r, data, flags) {
    if (edits === null) {
        return r.sendBuffer(data, flags);
    }
    if (edits.replaced !== undefined) {
        const out = edits.replaced;
        edits.replaced = NONE;
        if (out.length > 0 || flags.last) {
            r.sendBuffer(out, flags);
        }
        return;
    }
    if (edits.restamp === null && edits.mask === null) {
        return r.sendBuffer(data, flags);
    }
    let out = data;
    if (edits.restamp !== null) {
        out = edits.restamp.push(out);
        if (flags.last) {
            out = Buffer.concat([out, edits.restamp.finish()]);
        }
    }
    if (edits.mask !== null) {
        out = edits.mask.push(out);
        if (flags.last) {
            out = Buffer.concat([out, edits.mask.finish()]);
        }
    }
    if (out.length > 0 || flags.last) {
        r.sendBuffer(out, flags);
    }
}

// --- The name of the model ---

// Replaces the value of the top-level `model` string of one JSON text. It reads no more of JSON than it
// needs to know which key it is at; only bytes of such a value are held back.
function Json(stamp) {
    this.stamp = Buffer.from(stamp);
    this.place = START;
    // Containers open, the top-level object included.
    this.depth = 0;
    this.is_model = false;
    this.escaped = false;
    this.key = new Key();
    this.held = NONE;
}

Json.prototype.push = function (chunk) {
    const output = new Output(chunk);
    this.run(chunk, 0, chunk.length, output);
    this.keep(chunk, chunk.length, output);
    return output.finish();
};

Json.prototype.finish = function () {
    const held = this.held;
    this.held = NONE;
    this.place = THROUGH;
    return held;
};

// Notes what was held back of a chunk that ends here.
Json.prototype.keep = function (chunk, end, output) {
    if (this.place === HOLDING) {
        this.held = Buffer.concat([this.held, chunk.subarray(output.from, end)]);
        output.from = end;
    }
};

// The bytes from `at` to `end` of a chunk.
Json.prototype.run = function (chunk, at, end, output) {
    while (at < end) {
        const byte = chunk[at];
        switch (this.place) {
        case THROUGH:
            return;
        case INSIDE:
            at = this.inside(chunk, at, end);
            break;
        case PASSING:
            at = this.string(chunk, at, end);
            break;
        case HOLDING:
            at = this.hold(chunk, at, end, output);
            break;
        case IN_KEY: {
            const said = this.key.push(byte);
            if (said !== null) {
                this.place = said === false ? THROUGH : COLON;
                this.is_model = said === MODEL;
            }
            at += 1;
            break;
        }
        case NEXT:
            while (at < end && !is_structure(chunk[at])) {
                at += 1;
            }
            if (at < end) {
                this.place = chunk[at] === 0x2c ? KEY : THROUGH;
                at += 1;
            }
            break;
        case VALUE:
            if (byte === 0x22 && this.is_model) {
                output.pass(at);
                this.held = NONE;
                this.escaped = false;
                this.place = HOLDING;
                // The opening quote.
                at += 1;
                break;
            }
            at += 1;
            this.value(byte);
            break;
        default:
            at += 1;
            this.top(byte);
        }
    }
};

Json.prototype.top = function (byte) {
    if (is_space(byte)) {
        return;
    }
    if (this.place === START) {
        // A byte order mark is no reason to show GT's name.
        if (byte === 0xef || byte === 0xbb || byte === 0xbf) {
            return;
        }
        this.depth = 1;
        this.place = byte === 0x7b ? KEY : THROUGH;
    } else if (this.place === KEY && byte === 0x22) {
        this.key.begin();
        this.place = IN_KEY;
    } else {
        this.place = this.place === COLON && byte === 0x3a ? VALUE : THROUGH;
    }
};

Json.prototype.value = function (byte) {
    if (is_space(byte)) {
        return;
    }
    if (byte === 0x22) {
        this.escaped = false;
        this.place = PASSING;
    } else if (byte === 0x7b || byte === 0x5b) {
        this.depth = 2;
        this.place = INSIDE;
    } else {
        this.place = is_structure(byte) ? THROUGH : NEXT;
    }
};

Json.prototype.inside = function (chunk, at, end) {
    for (; at < end; at++) {
        switch (chunk[at]) {
        case 0x22:
            this.escaped = false;
            this.place = PASSING;
            return at + 1;
        case 0x7b:
        case 0x5b:
            this.depth += 1;
            break;
        case 0x7d:
        case 0x5d:
            this.depth -= 1;
            if (this.depth === 1) {
                this.place = NEXT;
                return at + 1;
            }
        }
    }
    return at;
};

Json.prototype.string = function (chunk, at, end) {
    for (; at < end; at++) {
        if (this.escaped) {
            this.escaped = false;
        } else if (chunk[at] === 0x5c) {
            this.escaped = true;
        } else if (chunk[at] === 0x22) {
            this.place = this.depth > 1 ? INSIDE : NEXT;
            return at + 1;
        }
    }
    return at;
};

// The value of `model`, behind its opening quote: replaced at its end, unless it turns out to be no
// string of JSON, or too long.
Json.prototype.hold = function (chunk, at, end, output) {
    const held = this.held.length - output.from;
    for (; at < end; at++) {
        const byte = chunk[at];
        if (byte < 0x20 || held + at >= LONGEST) {
            output.add(this.held);
            this.held = NONE;
            this.place = PASSING;
            return at;
        }
        if (this.escaped) {
            this.escaped = false;
        } else if (byte === 0x5c) {
            this.escaped = true;
        } else if (byte === 0x22) {
            output.leave_out(at + 1);
            output.add(this.stamp);
            this.held = NONE;
            this.place = NEXT;
            return at + 1;
        }
    }
    return at;
};

// A line end within the text, where events go on with it on the next line: neither a key nor a value
// spans lines.
Json.prototype.line_end = function (output) {
    if (this.place === HOLDING) {
        output.add(this.held);
        this.held = NONE;
        this.place = THROUGH;
    } else if (this.place === IN_KEY) {
        this.place = THROUGH;
    } else if (this.place === PASSING) {
        this.escaped = false;
    }
};

Json.prototype.restart = function () {
    this.place = START;
    this.depth = 0;
};

// Compares a key with `model`, escapes resolved.
function Key() {
}

Key.prototype.begin = function () {
    this.matched = 0;
    this.is_other = false;
    this.escape = 0;
    this.code = 0;
    this.high = false;
};

// `MODEL` or `true` at its end, `false` for what is no string of JSON, `null` before.
Key.prototype.push = function (byte) {
    if (this.escape > 1) {
        return this.digit(byte);
    }
    if (this.escape === 1) {
        this.escape = 0;
        if (byte === 0x75) {
            this.escape = 2;
            this.code = 0;
            return null;
        }
        const plain = UNESCAPED[byte];
        if (this.high || plain === undefined) {
            return false;
        }
        return this.feed(plain);
    }
    if (byte === 0x5c) {
        this.escape = 1;
        return null;
    }
    if (this.high || byte < 0x20) {
        return false;
    }
    if (byte === 0x22) {
        return !this.is_other && this.matched === MODEL.length ? MODEL : true;
    }
    return this.feed(byte);
};

Key.prototype.digit = function (byte) {
    const digit = parseInt(String.fromCharCode(byte), 16);
    if (isNaN(digit)) {
        return false;
    }
    this.code = this.code * 16 + digit;
    this.escape += 1;
    if (this.escape < 6) {
        return null;
    }
    this.escape = 0;
    const is_low = this.code >= 0xdc00 && this.code <= 0xdfff;
    if (this.high !== is_low) {
        return false;
    }
    if (this.high) {
        this.high = false;
        this.is_other = true;
        return null;
    }
    this.high = this.code >= 0xd800 && this.code <= 0xdbff;
    return this.high ? null : this.feed(this.code);
};

Key.prototype.feed = function (code) {
    if (MODEL[this.matched] !== code) {
        this.is_other = true;
    }
    this.matched += 1;
    return null;
};

function is_space(byte) {
    return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function is_structure(byte) {
    return byte === 0x2c || byte === 0x22 || byte === 0x7b || byte === 0x7d || byte === 0x5b
        || byte === 0x5d || byte === 0x3a;
}

// What goes out of one chunk.
function Output(chunk) {
    this.chunk = chunk;
    this.parts = [];
    // What comes before this place is dealt with.
    this.from = 0;
}

Output.prototype.pass = function (to) {
    if (to > this.from) {
        this.parts.push(this.chunk.subarray(this.from, to));
    }
    this.from = to;
};

Output.prototype.leave_out = function (to) {
    this.from = to;
};

Output.prototype.add = function (bytes) {
    this.parts.push(bytes);
};

Output.prototype.finish = function () {
    if (this.from === 0 && this.parts.length === 0) {
        return this.chunk;
    }
    this.pass(this.chunk.length);
    return Buffer.concat(this.parts);
};

// Replaces the value of the top-level `model` string in the data of every event. Lines end in LF, CR or
// CRLF; the `data` lines of one event are one JSON text.
function Sse(stamp) {
    this.json = new Json(stamp);
    this.line = LINE_MARK;
    this.seen = 0;
    this.after_cr = false;
}

Sse.prototype.push = function (chunk) {
    const output = new Output(chunk);
    for (let at = 0; at < chunk.length;) {
        const byte = chunk[at];
        const is_end = byte === 0x0a || byte === 0x0d;
        const is_second_half = this.after_cr && byte === 0x0a;
        this.after_cr = false;
        if (is_second_half) {
            at += 1;
        } else if (is_end) {
            this.json.keep(chunk, at, output);
            this.end_line(byte, output);
            at += 1;
        } else if (this.line === LINE_DATA || this.line === LINE_OTHER) {
            let end = at;
            while (end < chunk.length && chunk[end] !== 0x0a && chunk[end] !== 0x0d) {
                end += 1;
            }
            if (this.line === LINE_DATA) {
                this.json.run(chunk, at, end, output);
            }
            at = end;
        } else {
            this.start(byte);
            if (this.line !== LINE_DATA || byte === 0x20) {
                at += 1;
            }
        }
    }
    this.json.keep(chunk, chunk.length, output);
    return output.finish();
};

Sse.prototype.finish = function () {
    return this.json.finish();
};

Sse.prototype.end_line = function (byte, output) {
    const is_blank = this.seen === 0 && (this.line === LINE_MARK || this.line === LINE_NAME);
    const is_bare = this.line === LINE_NAME && this.seen === DATA.length;
    if (is_blank) {
        this.json.restart();
    } else if (this.line === LINE_DATA || this.line === LINE_SPACE || is_bare) {
        this.json.line_end(output);
    }
    this.after_cr = byte === 0x0d;
    this.line = LINE_NAME;
    this.seen = 0;
};

// One more byte at the start of a line. `LINE_DATA` for another byte than a space means that the byte
// is itself data.
Sse.prototype.start = function (byte) {
    if (this.line === LINE_MARK) {
        if (MARK[this.seen] === byte) {
            this.seen += 1;
            if (this.seen === MARK.length) {
                this.line = LINE_NAME;
                this.seen = 0;
            }
            return;
        }
        this.line = this.seen === 0 ? LINE_NAME : LINE_OTHER;
    }
    if (this.line === LINE_NAME) {
        if (this.seen < DATA.length && DATA[this.seen] === byte) {
            this.seen += 1;
        } else if (this.seen === DATA.length && byte === 0x3a) {
            this.line = LINE_SPACE;
        } else {
            this.line = LINE_OTHER;
        }
    } else if (this.line === LINE_SPACE) {
        this.line = LINE_DATA;
    }
};

// Writes asterisks over GT's key in its errors, however it is cut.
function Mask(key) {
    this.key = key;
    this.kept = NONE;
}

Mask.prototype.push = function (chunk) {
    const bytes = Buffer.concat([this.kept, chunk]);
    let from = 0;
    for (let at = bytes.indexOf(this.key); at >= 0; at = bytes.indexOf(this.key, from)) {
        from = at + this.key.length;
        bytes.fill(0x2a, at, from);
    }
    let kept = Math.min(bytes.length - from, this.key.length - 1);
    while (kept > 0 && bytes.compare(this.key, 0, kept, bytes.length - kept) !== 0) {
        kept -= 1;
    }
    const end = bytes.length - kept;
    this.kept = Buffer.from(bytes.subarray(end));
    return bytes.subarray(0, end);
};

Mask.prototype.finish = function () {
    const kept = this.kept;
    this.kept = NONE;
    return kept;
};

export default { with_body, with_head, response_head, response_body, Json, Sse, Mask };
