const MODEL = Buffer.from('model');
const UNESCAPED = {
    0x22: 0x22, 0x5c: 0x5c, 0x2f: 0x2f, 0x62: 8, 0x66: 12, 0x6e: 10, 0x72: 13, 0x74: 9,
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

Key.MODEL = MODEL;

export default Key;
