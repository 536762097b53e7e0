import type { Dice } from './dice.js';
import { filters, garbageBody, oddHeaders, parameters, scopes, types, versions, words, wrongCredentials } from './garbage-words.js';

/** A place that requests are sent to: its routes, with parameters in braces, and who may be there. */
export interface Plane {
  readonly port: number;
  readonly hosts: readonly string[];
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  /** What stands in the place of a parameter when it is not garbage. */
  readonly places: Readonly<Record<string, string>>;
  readonly credentials: readonly string[];
}

/** A request as the bytes that are sent; each character is one byte. */
export interface Garbage {
  readonly text: string;
  readonly method: string;
  /** Whether it is HTTP that a server must answer. */
  readonly isWellFormed: boolean;
}

/** One well-formed request with something wrong in it, or several. */
export function garbage(dice: Dice, plane: Plane): Garbage {
  const route = dice.of(plane.routes);
  const known = route.method !== 'DELETE' && dice.chance(50);
  const filled = route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
    known && dice.chance(85) ? (plane.places[name] ?? dice.of(words)) : dice.of(words),
  );
  const path = dice.chance(5) ? `${filled}/${dice.of(words)}` : dice.chance(3) ? `//${filled}` : filled;
  const method = dice.chance(90)
    ? route.method
    : dice.of(['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY']);
  const host = dice.chance(90)
    ? dice.of(plane.hosts)
    : dice.of(['', 'x', '[::1]', 'a:b:c', 'a..b', '\xff', `${'a'.repeat(300)}.example`, '-']);
  const target = dice.chance(15)
    ? `${dice.of(['http', 'HTTPS', 'ftp'])}://${dice.of([...plane.hosts, 'any.example', 'a@b:0'])}${path}`
    : path;
  const lines = [`${method} ${target}${query(dice, plane)} HTTP/1.1`, `Host: ${host}`];
  const authorization = dice.chance(55) ? dice.of(plane.credentials) : dice.chance(50) ? dice.of(wrongCredentials) : null;
  if (authorization !== null) lines.push(`Authorization: ${authorization}`);
  for (let more = dice.below(4); more > 0; more--) {
    const name = dice.of(Object.keys(oddHeaders));
    lines.push(`${name}: ${dice.of(oddHeaders[name]!)}`);
  }
  if (dice.chance(8)) lines.push(`${'X'.repeat(dice.of([1, 50, 500]))}-${dice.below(9)}: ${'y'.repeat(dice.of([0, 10, 9000, 20_000]))}`);
  const carriesBody = !['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'].includes(method) ? dice.chance(95) : dice.chance(5);
  const content = carriesBody ? garbageBody(dice) : '';
  if (carriesBody) {
    if (dice.chance(90)) lines.push(`Content-Type: ${dice.chance(60) ? 'application/json' : dice.of(types)}`);
    lines.push(dice.chance(15) ? 'Transfer-Encoding: chunked' : `Content-Length: ${content.length}`);
  }
  const isChunked = lines.at(-1) === 'Transfer-Encoding: chunked';
  const sent = isChunked ? `${content === '' ? '' : `${content.length.toString(16)}\r\n${content}\r\n`}0\r\n\r\n` : content;
  return { text: `${lines.join('\r\n')}\r\n\r\n${sent}`, method, isWellFormed: true };
}

function query(dice: Dice, plane: Plane): string {
  const isManagement = 'subscriptionId' in plane.places;
  const parts =
    isManagement && dice.chance(90) ? [`api-version=${dice.chance(75) ? dice.of(versions.slice(0, 5)) : dice.of(versions)}`] : [];
  for (let more = dice.chance(50) ? dice.below(4) : 0; more > 0; more--)
    parts.push(`${dice.of(parameters)}${dice.chance(95) ? '=' : ''}${dice.of([...words, ...filters, ...scopes])}`);
  return parts.length === 0 ? dice.of(['', '', '', '?']) : `?${parts.join('&')}`;
}

/** Bytes that are no HTTP, or break off; a server may answer them or end the connection. */
export function noise(dice: Dice, plane: Plane): Garbage {
  const random = () => Array.from({ length: 1 + dice.below(500) }, () => String.fromCharCode(dice.below(256))).join('');
  const host = `Host: ${dice.of(plane.hosts)}`;
  const post = `POST ${dice.of(plane.routes).path.replaceAll(/[{}]/g, '')} HTTP/1.1\r\n${host}`;
  const text = dice.of([
    random,
    () => `${random()}\r\n\r\n`,
    () => 'GET / HTTP/1.1\r\n\r\n',
    () => `GET / HTTP/9.9\r\n${host}\r\n\r\n`,
    () => `GET / HTTP/1.0\r\n\r\n`,
    () => `GET /a b HTTP/1.1\r\n${host}\r\n\r\n`,
    () => `GET /\x00 HTTP/1.1\r\n${host}\r\n\r\n`,
    () => `GET /\xff\xfe HTTP/1.1\r\n${host}\r\n\r\n`,
    () => `G\x01T / HTTP/1.1\r\n${host}\r\n\r\n`,
    () => `CONNECT a:1 HTTP/1.1\r\n${host}\r\n\r\n`,
    () => `OPTIONS * HTTP/1.1\r\n${host}\r\n\r\n`,
    () => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
    () => `GET / HTTP/1.1\r\n${host}\r\n${host}\r\n\r\n`,
    () => `GET / HTTP/1.1\r\n${host}\r\n folded\r\n\r\n`,
    () => `GET / HTTP/1.1\r\n${host}\r\nno colon\r\n\r\n`,
    () => `GET / HTTP/1.1\r\n${host}\r\nX: \x00\r\n\r\n`,
    () => `GET / HTTP/1.1\n${host}\n\n`,
    () => `${post}\r\nContent-Length: -1\r\n\r\n`,
    () => `${post}\r\nContent-Length: 1e3\r\n\r\n`,
    () => `${post}\r\nContent-Length: ${'9'.repeat(30)}\r\n\r\n`,
    () => `${post}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef`,
    () => `${post}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    () => `${post}\r\nTransfer-Encoding: gzip\r\n\r\nabc`,
    () => `${post}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc`,
    () => `${post}\r\nTransfer-Encoding: chunked\r\n\r\n${'f'.repeat(20)}\r\nabc`,
    () => `${post}\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(20_000)}\r\na\r\n0\r\n\r\n`,
    () => `${post}\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n{"a":`,
    () => `${post}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ])();
  return { text, method: 'noise', isWellFormed: false };
}
