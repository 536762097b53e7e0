/** What an `Authorization` header holds, as far as we understand it. */
export type PresentedCredentials =
  { kind: 'none' } | { kind: 'bearer'; token: string } | { kind: 'basic'; user: string; password: string } | { kind: 'unreadable' };

const longest = 32 * 1024;

export function presentedCredentials(header: string | undefined): PresentedCredentials {
  if (header === undefined || header === '') return { kind: 'none' };
  if (header.length > longest) return { kind: 'unreadable' };
  const blank = header.indexOf(' ');
  const scheme = header.slice(0, blank).toLowerCase();
  const rest = header.slice(blank + 1).trim();
  if (scheme === 'bearer' && rest !== '') return { kind: 'bearer', token: rest };
  if (scheme !== 'basic') return { kind: 'unreadable' };
  const text = Buffer.from(rest, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? { kind: 'unreadable' } : { kind: 'basic', user: text.slice(0, colon), password: text.slice(colon + 1) };
}
