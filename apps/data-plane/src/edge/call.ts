import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BodyBudget, type GatheredBody, incomingBody, isBodyError, readWhole } from '#lib/platform';
import { readParameters } from './parameters.js';
import { type RequestIds, requestIds } from './request-ids.js';
import type { Site } from './site.js';
import { verbOf } from './verbs.js';

/** What every answer says, whatever it is (ACR data plane, section 1.2). */
const always = [
  'Docker-Distribution-Api-Version',
  'registry/2.0',
  'X-Content-Type-Options',
  'nosniff',
  'Access-Control-Expose-Headers',
  'Docker-Content-Digest',
  'Access-Control-Expose-Headers',
  'WWW-Authenticate',
  'Access-Control-Expose-Headers',
  'Link',
  'Access-Control-Expose-Headers',
  'X-Ms-Correlation-Request-Id',
] as const;
const hsts = ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'] as const;
const noQuery = new URLSearchParams();

/** One request and its answer, outside of Fastify's own reply: the hot path writes head and body itself. */
export class Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly ids: RequestIds;
  readonly method: string;
  /** What the method asks for: `GET` for HEAD too, whose answer leaves its body out. */
  readonly verb: string;
  /** The path as the client wrote it, escapes included. */
  readonly path: string;
  readonly startedAt = performance.now();
  /** What is counted and logged as the route: a pattern, never a path. */
  route = 'unknown';
  /** The address of the client; behind a trusted proxy the one the proxy saw. */
  clientAddress = '';
  /** Set as soon as the host is understood. */
  site: Site | undefined;
  readonly #search: string;
  readonly #budget: BodyBudget;
  #query: URLSearchParams | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, budget: BodyBudget) {
    this.#budget = budget;
    this.request = request;
    this.response = response;
    this.ids = requestIds(request);
    this.method = request.method ?? 'GET';
    this.verb = verbOf(this.method);
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.#search = mark < 0 ? '' : url.slice(mark + 1);
  }

  /** @throws Fault `InvalidParameter` where it holds control characters. */
  get query(): URLSearchParams {
    return (this.#query ??= this.#search === '' ? noQuery : readParameters(this.#search));
  }

  /** `Content-Length`, where there is a sensible one. */
  get contentLength(): number | undefined {
    const text = this.request.headers['content-length'];
    return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  }

  /** The body, to be taken piece by piece and closed. */
  body(): GatheredBody {
    return incomingBody(this.request, this.#budget);
  }

  /** A body that must be small. Refused as soon as it is known to be larger, without waiting for the rest. */
  async smallBody(limit: number, tooLarge: () => Error): Promise<Buffer> {
    try {
      return await readWhole(this.request, limit, this.#budget);
    } catch (error) {
      throw isBodyError(error, 'too-large') ? tooLarge() : error;
    }
  }

  /** Sends the head. `headers` is a flat list of names and values, as `writeHead` takes it. */
  head(status: number, headers: readonly string[]): void {
    const { correlationId, requestId } = this.ids;
    const flat = [...headers, 'X-Ms-Correlation-Request-Id', correlationId, 'X-Ms-Request-Id', requestId, ...always];
    if (this.site?.secure && this.site.place.kind !== 'path') flat.push(...hsts);
    this.response.writeHead(status, flat);
  }

  /** The whole answer. A body is left out for HEAD; its length is said all the same. */
  answer(status: number, headers: readonly string[] = [], body?: Uint8Array | string): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    // 204 and 304 have no body and say no length (RFC 9110, 8.6).
    const length = status === 204 || status === 304 ? [] : ['Content-Length', String(bytes?.byteLength ?? 0)];
    this.head(status, [...headers, ...length]);
    if (bytes && this.method !== 'HEAD') this.response.end(bytes);
    else this.response.end();
  }

  /** The answer to a HEAD whose body was never fetched: the length is among `headers`. */
  headOnly(status: number, headers: readonly string[]): void {
    this.head(status, headers);
    this.response.end();
  }

  json(status: number, body: unknown, headers: readonly string[] = []): void {
    this.answer(status, ['Content-Type', 'application/json; charset=utf-8', ...headers], `${JSON.stringify(body)}\n`);
  }
}
