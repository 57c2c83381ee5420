// Browser storage, which may be refused, full or taken away at any moment. What it refuses is kept in memory, for as long as the page
// lives: in an object of the loader's, which reads its marks there and clears it.

let memory = {};
let mirrored = () => {};

// Keeps what browser storage refuses in this object from now on, if it is one.
export function share(object) {
  if (object) memory = Object.assign(object, memory);
}

// Calls this from now on with each key that is kept for sure or removed.
export function mirror(keep) {
  mirrored = keep;
}

// The text under a key; undefined if there is none.
export function get(key) {
  try {
    const text = memory[key] ?? localStorage.getItem(key);
    return text == null ? undefined : `${text}`;
  } catch {}
}

// Keeps a text before it returns. False if only memory would take it.
export function set(key, text) {
  try {
    localStorage.setItem(key, text);
    // Some say yes and keep nothing, or less.
    if (localStorage.getItem(key) === text) return delete memory[key];
  } catch {}
  memory[key] = text;
  return false;
}

// As `set`, and in the mirror, which outlives the browser's death.
export function keep(key, text) {
  const durable = set(key, text);
  mirrored(key);
  return durable;
}

// Forgets a key, in the mirror too.
export function remove(key) {
  delete memory[key];
  try {
    localStorage.removeItem(key);
  } catch {}
  mirrored(key);
}

// Every key that begins so, sorted.
export function keys(prefix) {
  const keys = Object.keys(memory);
  try {
    // Not its properties: a page may have put a storage of its own in its place.
    for (let i = 0; i < localStorage.length; i++) keys.push(`${localStorage.key(i)}`);
  } catch {}
  return keys.filter((key, i) => key.startsWith(prefix) && keys.indexOf(key) == i).sort();
}
