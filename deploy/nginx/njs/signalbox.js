// nginx asks Signalbox about each request, sends what it is told to, and puts the client's name for a
// model into what comes back. Everything is bytes: no JSON of a client or of GT is parsed or written.
//
// A request goes on only after an answer of the authorizer that says so. Whatever fails is a refusal.

import Sse from 'events.js';
import Json from 'json.js';
import Mask from 'mask.js';

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
const NONE = Buffer.alloc(0);

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

export default { with_body, with_head, response_head, response_body };
