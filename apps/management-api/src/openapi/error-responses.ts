type Json = Record<string, unknown>;

const retryAfter = { 'Retry-After': { description: 'Seconds to wait before the next try.', schema: { type: 'integer' } } };

/** Every status in which a call can fail, and what it means whatever the operation. */
const errors = {
  400: {
    name: 'BadRequest',
    description: 'The request breaks a rule: api-version, a name, a parameter or the body. error.target says which.',
  },
  401: {
    name: 'Unauthorized',
    description: 'There is no token, or it is not valid (any more).',
    headers: { 'WWW-Authenticate': { description: 'Where to get a token.', schema: { type: 'string' } } },
  },
  403: { name: 'Forbidden', description: 'The roles of the caller do not allow this.' },
  404: { name: 'NotFound', description: 'There is no such thing, or the caller may not know that there is.' },
  409: {
    name: 'Conflict',
    description: 'The present state does not allow this: the name is taken, or the SKU or another operation is in the way.',
  },
  412: { name: 'PreconditionFailed', description: 'If-Match or If-None-Match does not hold: the resource has changed.' },
  413: { name: 'ContentTooLarge', description: 'The body is larger than this operation accepts.' },
  415: { name: 'UnsupportedMediaType', description: 'The body is not JSON by its Content-Type.' },
  429: { name: 'TooManyRequests', description: 'There are too many requests. Wait, then try again.', headers: retryAfter },
  503: { name: 'ServiceUnavailable', description: 'The service cannot answer at the moment. Wait, then try again.', headers: retryAfter },
} as const satisfies Record<number, Json>;

type Status = keyof typeof errors;

/** The error answers that operations refer to, by name. */
export const errorComponents: Record<string, Json & { description: string }> = Object.fromEntries(
  Object.values(errors).map(({ name, ...response }) => [
    name,
    { ...response, content: { 'application/json': { schema: { $ref: '#/components/schemas/ErrorResponse' } } } },
  ]),
);

/** Tells with 409 how what is followed has failed. */
const followsOperation = /\/operation(statuses|results)\/\{operationId\}$/i;

/** In which ways an operation can fail, by what kind of operation it is. */
export function errorsOf(method: string, { path, hasBody, hasConditions }: { path: string; hasBody: boolean; hasConditions: boolean }) {
  const isWrite = method !== 'get' && method !== 'head';
  const statuses: Status[] = [
    ...([400, 401, 403] as const),
    ...(path.includes('{') ? ([404] as const) : []),
    ...(isWrite || followsOperation.test(path) ? ([409] as const) : []),
    ...(hasConditions && isWrite ? ([412] as const) : []),
    ...(hasBody ? ([413, 415] as const) : []),
    ...([429, 503] as const),
  ];
  return Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/${errors[status].name}` }]));
}
