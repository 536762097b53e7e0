/** What of a manifest's annotations the index keeps to list them; the manifest's bytes keep them all. */
const mostBytes = 64 * 1024;

/**
 * The annotations as the JSON text of a jsonb column: the smallest first, as many as fit together in 64 KiB. Text of jsonb holds no
 * NUL and no half of a surrogate pair: the first is left out, the second replaced.
 */
export function indexedAnnotations(annotations: Readonly<Record<string, string>>): string {
  const entries = Object.entries(annotations)
    .map(([key, value]) => `${storable(key)}:${storable(value)}`)
    .map((text) => ({ text, bytes: Buffer.byteLength(text) + 1 }))
    .sort((one, other) => one.bytes - other.bytes);
  let room = mostBytes;
  const kept = entries.filter(({ bytes }) => (room -= bytes) >= 0);
  return `{${kept.map(({ text }) => text).join(',')}}`;
}

function storable(text: string): string {
  return JSON.stringify(text.replaceAll('\0', '').toWellFormed());
}
