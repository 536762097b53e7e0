import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Fault, type FaultCode } from '#lib/domain';
import { type BodyBudget, type BodyFailure, isBodyError, readWhole } from '#lib/platform';

/** JSON, and JSON by a name of its own such as `application/merge-patch+json`. */
const json = /^application\/([\w.-]+\+)?json\b/i;
const form = 'application/x-www-form-urlencoded';

/**
 * Reads JSON bodies, and forms as text; nothing else is read at all. A body of no bytes is no body, whatever its Content-Type says: the
 * Azure SDKs announce JSON on actions that carry nothing. Where a body is needed, its schema asks for it.
 */
export function readBodies(fastify: FastifyInstance, budget: BodyBudget): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(json, (request: FastifyRequest, _payload, done) => {
    read(request, budget).then((text) => (text === '' ? done(null, undefined) : void parse(request, text, done)), done);
  });
  fastify.addContentTypeParser(form, (request: FastifyRequest) => read(request, budget));
}

const faults: Readonly<Record<BodyFailure, FaultCode>> = {
  broken: 'ClientGone',
  slow: 'RequestTimeout',
  'too-large': 'RequestTooLarge',
  'no-memory': 'ServiceUnavailable',
};

async function read(request: FastifyRequest, budget: BodyBudget): Promise<string> {
  const limit = request.routeOptions.bodyLimit;
  try {
    return (await readWhole(request.raw, limit, budget)).toString('utf8');
  } catch (error) {
    if (!isBodyError(error)) throw error;
    const message = error.failure === 'too-large' ? `The request body is larger than ${limit / 1024} KiB.` : error.message;
    throw new Fault(faults[error.failure], message, { cause: error });
  }
}
