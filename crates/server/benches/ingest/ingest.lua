-- What each of wrk's connections posts: a fresh response every time, or with CANDOR_TOKEN the three revisions of one after the other,
-- with attributes and that token. CANDOR_RUN keeps the ids of two runs apart.

local threads = 0

function setup(thread)
   thread:set("thread_number", threads)
   threads = threads + 1
end

function init(args)
   run = tonumber(os.getenv("CANDOR_RUN"))
   token = os.getenv("CANDOR_TOKEN")
   counter = 0
   headers = { ["Content-Type"] = "text/plain" }
end

function full()
   local n, revision = math.floor((counter - 1) / 3), (counter - 1) % 3 + 1
   local id = string.format("0192f5e4-7c1b-7%03x-8%03x-%012x", run % 4096, thread_number % 4096, n)
   local answers = '[{"question":"nps","rating":' .. n % 11 .. '}]'
   local body = '{"v":1,"id":"' .. id .. '","revision":' .. revision .. ',"state":"' .. ({ "shown", "partial", "complete" })[revision]
      .. '","site":"bench","survey":"bench","survey_version":1,"locale":"' .. ({ "en", "fa", "th" })[n % 3 + 1]
      .. '","touchpoint":"checkout","answers":' .. (revision > 1 and answers or "[]")
      .. ',"presentation":{"display":"popover","scale":"numbers","direction":"ltr"},"page":"https://shop.example/p/' .. n % 50
      .. '","respondent":{"token":"' .. token .. '","attributes":{"plan":"p' .. n % 3 .. '","country":"c' .. n % 20
      .. '","device":"d' .. n % 4 .. '"}},"age_ms":1200}'
   return wrk.format("POST", "/v1/responses", headers, body)
end

function request()
   counter = counter + 1
   if token then
      return full()
   end
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
