const NONE = Buffer.alloc(0);

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

export default Mask;
