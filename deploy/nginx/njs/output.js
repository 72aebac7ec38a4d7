// What goes out of one chunk.
function Output(chunk) {
    this.chunk = chunk;
    this.parts = [];
    // What comes before this place is dealt with.
    this.from = 0;
    // The next backslash, as far as it was looked for.
    this.next = -1;
}

// Where the next backslash is from here on; the chunk's length if there is none.
Output.prototype.backslash = function (at) {
    if (this.next < at) {
        const found = this.chunk.indexOf(0x5c, at);
        this.next = found < 0 ? this.chunk.length : found;
    }
    return this.next;
};

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

export default Output;
