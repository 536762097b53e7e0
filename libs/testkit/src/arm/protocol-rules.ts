import type { Exchange } from './exchange.js';

const terminal = new Set(['Succeeded', 'Failed', 'Canceled']);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What ARM demands of every answer, whatever the operation (RPC: common-api-details, async-api-reference). */
export function* protocolViolations(exchange: Exchange, body: unknown): Generator<string> {
  const { status, headers, method } = exchange;
  if (!headers['x-ms-request-id']) yield 'the answer has no x-ms-request-id';
  if (exchange.body !== '') {
    if (!/^application\/json\b/i.test(headers['content-type'] ?? ''))
      yield `the body is JSON, but its content-type is ${headers['content-type']}`;
    if (status === 204 || status === 304 || method === 'HEAD') yield `an answer ${status} to ${method} has no body`;
  } else if (status >= 400 && method !== 'HEAD') yield `an answer ${status} has an error body`;
  yield* linkViolations(exchange);
  if (status >= 400) yield* errorViolations(body);
  else if (isObject(body)) yield* resourceViolations(exchange, body);
}

/** Links for polling are absolute, and waiting times whole seconds. */
function* linkViolations({ status, headers }: Exchange): Generator<string> {
  for (const name of ['azure-asyncoperation', 'location']) {
    const link = headers[name];
    if (link !== undefined && !/^https?:\/\/[^/]+\/.*[?&]api-version=/.test(link))
      yield `${name} is no absolute link with an api-version: ${link}`;
  }
  if (headers['retry-after'] !== undefined && !/^\d+$/.test(headers['retry-after']))
    yield `retry-after is no whole number: ${headers['retry-after']}`;
  if (status === 202 && !headers['location']) yield 'an answer 202 has no Location to poll';
}

function* errorViolations(body: unknown): Generator<string> {
  const error = isObject(body) ? body['error'] : undefined;
  if (!isObject(error)) return;
  if (typeof error['code'] !== 'string' || !/^[A-Z][A-Za-z0-9]+$/.test(error['code']))
    yield `error.code is no PascalCase word: ${String(error['code'])}`;
  if (typeof error['message'] !== 'string' || error['message'] === '') yield 'error.message says nothing';
}

function* resourceViolations({ method, url, status, headers }: Exchange, body: Record<string, unknown>): Generator<string> {
  const { pathname } = new URL(url);
  const id = body['id'];
  const own = /\/operation(statuses|results)\//i.test(pathname) || method === 'POST';
  if (typeof id === 'string' && !own && id.toLowerCase() !== decodeURIComponent(pathname).replace(/\/$/, '').toLowerCase()) {
    yield `the resource at ${pathname} says its id is ${id}`;
  }
  const name = body['name'];
  if (typeof id === 'string' && typeof name === 'string' && !own && !id.endsWith(`/${name}`))
    yield `the id ${id} does not end in the name ${name}`;
  if (method !== 'PUT' && method !== 'PATCH') return;
  const properties = body['properties'];
  const state = isObject(properties) ? properties['provisioningState'] : undefined;
  if (typeof state !== 'string' || status > 201) return;
  const announced = headers['azure-asyncoperation'] !== undefined;
  if (!terminal.has(state) && !announced) yield `the state is ${state}, but there is no Azure-AsyncOperation to poll`;
  if (terminal.has(state) && announced) yield `the state is ${state}, but an operation is announced as under way`;
}

/** A page has a list; its nextLink is absent, null, or absolute. */
export function* pageViolations(body: unknown, nextLinkName: string | null): Generator<string> {
  if (!isObject(body)) return;
  if (!Array.isArray(body['value'])) yield 'a page has no list `value`';
  const next = nextLinkName === null ? undefined : body[nextLinkName];
  if (next !== undefined && next !== null && (typeof next !== 'string' || !/^https?:\/\//.test(next)))
    yield `nextLink is no absolute link: ${JSON.stringify(next)}`;
}
