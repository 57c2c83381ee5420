// Every network call of the module, and the locks by which the tabs of an origin leave each other's responses alone. Nothing here
// throws, and no promise is rejected: nobody may be waiting yet, and it would be the page's unhandled rejection.

// After this an attempt counts as failed. The server may still have got it: it knows the id when it comes again.
const TIMEOUT_MS = 30_000;

const DAY_MS = 86_400_000;

// Called by this name each time: a page may have put something in its place.
async function ask(url, init) {
  const response = await fetch(url, {
    credentials: "omit", // no cookie ever goes along
    referrerPolicy: "strict-origin", // nor the page's path and query
    signal: window.AbortSignal?.timeout?.(TIMEOUT_MS),
    ...init,
  });
  if (!response.status) throw new Error("fetch gave no response");
  return response;
}

// What the work comes to or, if it throws or takes too long, what `failed` makes of the reason. Not left to the signal alone: a page's
// own fetch may know none.
async function settle(work, failed) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, TIMEOUT_MS, failed("no answer in 30 s"))));
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    return failed(messageOf(error));
  } finally {
    clearTimeout(timer);
  }
}

// The body as text and, if it is JSON, as what it says.
async function read(response) {
  let text = "";
  try {
    text = await response.text();
    return [text, JSON.parse(text)];
  } catch {
    return [text, null];
  }
}

// The status, with what a problem document says of it.
const refusal = (status, problem) => `status ${status}` + (problem?.detail ? `: ${problem.detail}` : "");

// What is thrown may be anything.
function messageOf(error) {
  try {
    return `${error.message ?? ""}`;
  } catch {
    return "";
  }
}

// Posts a response so that it outlives the page and needs no preflight: `keepalive`, `text/plain`. Gives `{ accepted: true }` for
// any 2xx; otherwise the `error` for the page, and if it may be accepted later, after how many milliseconds (`wait`, at the least).
//
// Browsers give all requests with `keepalive` together about 64 KiB; one that is refused for that is sent again without.
export function post(url, body, keepalive) {
  const failed = (message, wait = 0) => ({ error: { code: "undelivered", message }, wait });
  return settle(async () => {
    // A redirect would turn the POST into a GET that records nothing.
    const response = await ask(url, { method: "POST", body, redirect: "error", keepalive });
    const { ok, status } = response;
    if (ok) return { accepted: true };
    const [message, problem] = await read(response);
    // What is wrong with the answer itself will not heal; a survey that is not deployed yet (404) may.
    return /^4(0[09]|1[035]|22)$/.test(status)
      ? { error: { code: "rejected", message, status, problem } }
      : failed(refusal(status, problem), patience(response.headers.get("retry-after")));
  }, failed);
}

// Seconds or a date (RFC 9110, section 10.2.3), at most a day.
function patience(value) {
  const ms = /^\s*\d+\s*$/.test(value) ? value * 1000 : Date.parse(value) - Date.now();
  return ms > 0 ? Math.min(ms, DAY_MS) : 0;
}

// Hands a response to the browser if a fetch was refused on leaving. Nobody hears what became of it, so that the entry stays and the
// next page sends it again.
export function leave(url, body) {
  try {
    if (document.hidden) navigator.sendBeacon(url, body);
  } catch {}
}

// Fetches a JSON document: `{ json }`, or `{ why }` not.
export function get(url) {
  const failed = (why) => ({ why: `${url}: ${why}` });
  return settle(async () => {
    const response = await ask(url);
    if (response.ok) return { json: JSON.parse(await response.text()) };
    return failed(refusal(response.status, (await read(response))[1]));
  }, failed);
}

// What lets go of the locks that this page holds, and `false` for what is kept of its own responses without one.
const own = { __proto__: null };

export const isOwn = (key) => key in own;

// Marks a response as this page's own, as long as it is kept; with `alone`, other tabs must not send what is kept of it.
export function claim(key, alone) {
  own[key] ||= false;
  if (alone && !own[key]) lock(key);
}

// Lets go of a response that is kept no longer, or of another lock.
export function release(key) {
  own[key] && own[key]();
  delete own[key];
}

// Asks for a lock that one tab of this origin holds at a time, until it lets go of it or its page ends. Settles when it is held, at once
// where the browser has no locks.
export function lock(key) {
  const held = new Promise((resolve) => (own[key] = resolve));
  return new Promise((grant) => {
    // A page's own locks may never be had. Twice is told apart by the server.
    const timer = setTimeout(grant, 2 * TIMEOUT_MS);
    const hold = () => {
      clearTimeout(timer);
      grant();
      return held;
    };
    // Refused in sandboxed frames, at once or later; their storage is refused as well, so that no other tab sees what is kept there.
    try {
      navigator.locks.request(key, hold).then(grant, grant);
    } catch {
      grant();
    }
  });
}

// The names of the locks that the tabs of this origin hold.
export async function locked() {
  try {
    return (await navigator.locks.query()).held.map(({ name }) => name);
  } catch {
    return [];
  }
}
