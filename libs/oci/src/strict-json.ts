/**
 * Parses JSON that must mean the same to every reader: valid UTF-8, no key twice in one object. `JSON.parse` alone keeps the
 * last of two equal keys, other parsers the first, and a signature checked by one reader would cover what another never saw.
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  if (tooDeep(bytes)) throw new SyntaxError(`More than ${deepest} brackets are open at once.`);
  const value = parse(text);
  const twice = repeatedKey(text);
  if (twice !== null) throw new SyntaxError(`The key ${JSON.stringify(twice)} appears twice in one object.`);
  return value;
}

/** What parsers say of a mistake repeats the text around it, which may be a secret that ended up in a manifest. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`${(error as Error).message.replace(/, (?:\.\.\.)?".* is not valid JSON$/s, '')}: this is not valid JSON.`);
  }
}

const deepest = 200;

/** Checked before parsing: a few megabytes of open brackets would keep the parser busy for seconds. */
function tooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepest) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

/** Finds a key that an object holds twice. The text is known to be valid JSON; one pass, no recursion. */
export function repeatedKey(text: string): string | null {
  // One entry per open bracket: the keys of an object, or null for an array.
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x7b) open.push(new Set());
    else if (code === 0x5b) open.push(null);
    else if (code === 0x7d || code === 0x5d) open.pop();
    else if (code === 0x22) {
      const end = closingQuote(text, at);
      const keys = open.at(-1);
      if (keys && isKey(text, end + 1)) {
        const raw = text.slice(at + 1, end);
        const key = raw.includes('\\') ? (JSON.parse(text.slice(at, end + 1)) as string) : raw;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      at = end;
    }
  }
  return null;
}

function closingQuote(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return at;
}

/** In valid JSON a string is a key exactly when a colon follows it. */
function isKey(text: string, after: number): boolean {
  let at = after;
  while (text.charCodeAt(at) <= 0x20) at++;
  return text.charCodeAt(at) === 0x3a;
}
