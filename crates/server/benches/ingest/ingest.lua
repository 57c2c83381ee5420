-- What each of wrk's connections posts: a fresh response every time. CANDOR_RUN keeps the ids of two runs apart.

local threads = 0

function setup(thread)
   thread:set("thread_number", threads)
   threads = threads + 1
end

function init(args)
   run = tonumber(os.getenv("CANDOR_RUN"))
   counter = 0
   headers = { ["Content-Type"] = "text/plain" }
end

function request()
   counter = counter + 1
   local id = string.format("0192f5e4-7c1b-7%03x-8%03x-%012x", run % 4096, thread_number % 4096, counter)
   local body = '{"v":1,"id":"' .. id .. '","revision":2,"state":"partial","site":"default","survey":"nps",'
      .. '"survey_version":1,"locale":"en","touchpoint":"checkout","answers":[{"question":"nps","rating":'
      .. counter % 11 .. '}],"presentation":{"display":"popover","scale":"numbers","direction":"ltr"},'
      .. '"page":"https://shop.example/thanks","age_ms":1200}'
   return wrk.format("POST", "/v1/responses", headers, body)
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format("candor: %d %d %d %d\n", summary.requests, summary.duration, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout))
end
