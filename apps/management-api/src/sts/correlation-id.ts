import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** MSAL names its requests in `client-request-id`; anything that is no id is not repeated. */
export function correlationIdOf(request: FastifyRequest): string {
  const given = request.headers['client-request-id'];
  return typeof given === 'string' && uuid.test(given) ? given : randomUUID();
}
