import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { armError, unnamedError } from '#lib/arm';
import { Fault } from '#lib/domain';
import { faultOfHttp } from './framework-faults.js';

/** Answers for URLs the router itself refuses, before any hook runs: no other part of the application sees them. */
export function answerFrameworkError(error: Error & { statusCode?: number }, _request: FastifyRequest, reply: FastifyReply): void {
  const fault = faultOfHttp(error, error.statusCode);
  const { status, body } = fault ? armError(fault) : { status: 500, body: unnamedError() };
  const id = randomUUID();
  void reply
    .code(status)
    .headers({ 'x-ms-request-id': id, 'x-ms-correlation-request-id': id, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' })
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(body));
}

/** The answer to HTTP that cannot be read. */
export const unreadable = (message: string): object => armError(new Fault('InvalidRequestContent', message)).body;
