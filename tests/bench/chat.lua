-- One request as an SDK sends it, with the body in a file.
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["accept"] = os.getenv("BENCH_ACCEPT")
wrk.headers["authorization"] = "Bearer " .. os.getenv("BENCH_KEY")
local file = assert(io.open(os.getenv("BENCH_BODY"), "rb"))
wrk.body = file:read("*a")
file:close()
