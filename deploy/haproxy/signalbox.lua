-- HAProxy asks Signalbox about each request, and sends what it is told to, or answers what it is told to.
--
-- The authorizer is shown the head of a request, and nothing of its body: routes whose model is in the body
-- are refused (`proxy_cannot_rewrite`). What is left: uploads and the routes beside them, and lists of models.

-- `authz: {listen: unix:/run/signalbox/authz.sock, group: haproxy}` in signalbox.yaml; as HAProxy writes it.
local AUTHORIZER = os.getenv("SIGNALBOX_AUTHZ") or "unix@/run/signalbox/authz.sock"

local AWAY = '{"error":{"message":"The gate cannot be asked, so the request is refused. Tell the operator.",'
    .. '"type":"server_error","param":null,"code":"policy_failed"}}'

-- What is of one connection, or the proxy's to tell, is not the client's to say.
local OWN = {
    ["connection"] = true, ["keep-alive"] = true, ["content-length"] = true, ["transfer-encoding"] = true,
    ["expect"] = true, ["te"] = true, ["upgrade"] = true, ["proxy-connection"] = true,
}

-- What is of the authorizer's answer, and not of the client's.
local NOT_ITS = {
    ["x-signalbox-authz"] = true, ["content-length"] = true, ["connection"] = true, ["server"] = true,
    ["date"] = true,
}

local function first(headers, name)
    local values = headers[name]
    return values and values[0]
end

local function answer(txn, status, headers, body)
    local reply = txn:reply()
    reply:set_status(status)
    for name, value in pairs(headers) do
        if not NOT_ITS[name] then
            if type(value) == "table" then
                for index = 0, #value do
                    reply:add_header(name, value[index])
                end
            else
                reply:add_header(name, value)
            end
        end
    end
    reply:set_body(body)
    txn:done(reply)
end

local function away(txn)
    answer(txn, 503, { ["content-type"] = "application/json", ["x-should-retry"] = "false" }, AWAY)
end

-- The question: the client's headers, and what a client cannot say.
local function question(txn)
    local asked = {}
    local headers = txn.http:req_get_headers()
    for name, values in pairs(headers) do
        if not OWN[name] and not name:find("^x%-forwarded%-") and not name:find("^x%-signalbox%-") then
            asked[name] = {}
            for index = 0, #values do
                table.insert(asked[name], values[index])
            end
        end
    end
    asked["x-forwarded-method"] = { txn.sf:method() }
    asked["x-forwarded-uri"] = { txn.sf:pathq() }
    asked["x-forwarded-for"] = { txn.sf:src() }
    asked["x-forwarded-proto"] = { txn.sf:ssl_fc() == 1 and "https" or "http" }
    asked["x-forwarded-content-length"] = { first(headers, "content-length") }
    asked["x-forwarded-transfer-encoding"] = { first(headers, "transfer-encoding") }
    return asked
end

-- Makes the client's request the one for GT.
local function forward(txn, told)
    local clients = txn.http:req_get_headers()
    for name, _ in pairs(clients) do
        if name ~= "content-length" and name ~= "transfer-encoding" then
            txn.http:req_del_header(name)
        end
    end
    for name, values in pairs(told) do
        -- HAProxy adds these two to a question, and the client may have sent none.
        local is_added = (name == "accept" or name == "user-agent") and clients[name] == nil
        local is_gts = name ~= "content-length" and name ~= "connection" and not name:find("^x%-signalbox%-")
        if is_gts and not is_added then
            for index = 0, #values do
                txn.http:req_add_header(name, values[index])
            end
        end
    end
    txn.http:req_set_method(first(told, "x-signalbox-method"))
    txn.http:req_set_uri(first(told, "x-signalbox-uri"))
    for _, name in ipairs({ "decision", "policy", "notice", "request-id" }) do
        local value = first(told, "x-signalbox-" .. name)
        if value then
            txn:set_var("txn.signalbox_" .. name:gsub("-", "_"), value)
        end
    end
    -- Without this the configuration lets nothing through.
    txn:set_var("txn.signalbox_forwards", true)
end

core.register_action("signalbox", { "http-req" }, function(txn)
    local client = core.httpclient()
    local told = client:post({
        url = "http://signalbox/haproxy",
        dst = AUTHORIZER,
        headers = question(txn),
        body = "",
        timeout = 30000,
    })
    if told == nil or told.status == nil or told.headers == nil then
        return away(txn)
    end
    local said = first(told.headers, "x-signalbox-authz")
    if said == "forward" and told.status == 200 then
        return forward(txn, told.headers)
    end
    if said == "answer" then
        return answer(txn, told.status, told.headers, told.body or "")
    end
    return away(txn)
end, 0)
