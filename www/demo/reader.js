// Reading scores. The token comes from the address (#token=…) or is asked for once; it is kept for this tab only and taken out
// of the address.
const KEY = "fernway:token";

/** The token, if there is one. */
export let token = new URLSearchParams(location.hash.slice(1)).get("token") ?? sessionStorage.getItem(KEY);

/** Takes another token for this tab, or forgets the one that there is. */
export function take(given) {
  token = given;
  if (given) sessionStorage.setItem(KEY, given);
  else sessionStorage.removeItem(KEY);
}

if (token) take(token);
if (location.hash.includes("token=")) history.replaceState(null, "", location.pathname + location.search);

// The printed link, followed in a tab that is open here already, changes nothing else.
addEventListener("hashchange", () => location.hash.includes("token=") && location.reload());

/** What the server gives at this path. An error has its `status`. */
export async function read(path) {
  const answer = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
  if (answer.ok) return answer.json();
  throw Object.assign(new Error(`${path}: ${answer.status}`), { status: answer.status });
}

/** The survey's scores by week, and of its answers those that `cargo xtask demo` made up. */
export async function scores(survey) {
  const [all, { total: madeUp }] = await Promise.all(
    ["interval=week", "segment=touchpoint:made-up"].map((query) => read(`/v1/surveys/${survey}/scores?${query}`)));
  return { ...all, madeUp: madeUp.n };
}

/** Whether somebody may not read: the token is wrong. */
export const refused = (error) => error.status === 401 || error.status === 403;
