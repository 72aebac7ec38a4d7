import Json from 'json.js';
import Output from 'output.js';

const MARK = [0xef, 0xbb, 0xbf];
const DATA = Buffer.from('data');
const LINE_MARK = 0;
const LINE_NAME = 1;
const LINE_SPACE = 2;
const LINE_DATA = 3;
const LINE_OTHER = 4;

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

export default Sse;
