import Key from 'key.js';
import Output from 'output.js';

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
const NONE = Buffer.alloc(0);
// A value of `model` longer than this is nobody's name.
const LONGEST = 64 * 1024;

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
            at = this.string(chunk, at, end, output);
            break;
        case HOLDING:
            at = this.hold(chunk, at, end, output);
            break;
        case IN_KEY: {
            const said = this.key.push(byte);
            if (said !== null) {
                this.place = said === false ? THROUGH : COLON;
                this.is_model = said === Key.MODEL;
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

// The rest of a string: from quote to quote, not from byte to byte.
Json.prototype.string = function (chunk, at, end, output) {
    while (at < end) {
        if (this.escaped) {
            this.escaped = false;
            at += 1;
            continue;
        }
        const quote = chunk.indexOf(0x22, at);
        const stop = quote < 0 || quote > end ? end : quote;
        const backslash = output.backslash(at);
        if (backslash < stop) {
            this.escaped = true;
            at = backslash + 1;
        } else if (stop < end) {
            this.place = this.depth > 1 ? INSIDE : NEXT;
            return stop + 1;
        } else {
            at = end;
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

function is_space(byte) {
    return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function is_structure(byte) {
    return byte === 0x2c || byte === 0x22 || byte === 0x7b || byte === 0x7d || byte === 0x5b
        || byte === 0x5d || byte === 0x3a;
}

export default Json;
