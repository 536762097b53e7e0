import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Fault } from '#lib/domain';

/** Deeper than any body of ours; what is deeper is not looked into, but refused. */
const maxDepth = 64;

/**
 * Refuses text that no database and no log can hold: NUL, other control characters in names, halves of characters. Looked for
 * once, at the edge, in whatever a request carries.
 */
export function refuseUncleanText(fastify: FastifyInstance): void {
  fastify.addHook('preHandler', (request, _reply, done) => {
    try {
      requireCleanText(request);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}

function requireCleanText({ params, query, body }: Pick<FastifyRequest, 'params' | 'query' | 'body'>): void {
  for (const [name, value] of Object.entries((params ?? {}) as Record<string, unknown>)) {
    if (typeof value === 'string' && (!isClean(value) || /\p{Cc}/u.test(value))) throw unclean('InvalidParameter', name, 'The URL');
  }
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, unknown>)) {
    if (!isClean(name) || [value].flat().some((one) => typeof one === 'string' && !isClean(one))) {
      throw unclean('InvalidParameter', isClean(name) ? name : 'query', 'The query');
    }
  }
  requireCleanBody(body, '', 0);
}

function requireCleanBody(value: unknown, path: string, depth: number): void {
  if (typeof value === 'string' && !isClean(value)) throw unclean('InvalidRequestContent', path, 'The request body');
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return;
  if (depth === maxDepth) throw new Fault('InvalidRequestContent', `The request body is nested more than ${maxDepth} levels deep.`);
  for (const [key, member] of Object.entries(value)) {
    if (!isClean(key)) throw unclean('InvalidRequestContent', path, 'The request body');
    requireCleanBody(member, path === '' ? key : `${path}.${key}`, depth + 1);
  }
}

const isClean = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

const unclean = (code: 'InvalidParameter' | 'InvalidRequestContent', target: string, where: string): Fault =>
  new Fault(code, `${where} holds characters that cannot be part of a text${target ? `, in ${target}` : ''}.`, target ? { target } : {});
