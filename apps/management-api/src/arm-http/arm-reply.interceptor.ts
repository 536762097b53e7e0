import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { isArmReply, type ArmReply, type OperationLink } from '#lib/arm';
import { ignoredHeader, ignoredOf } from './ignored-members.js';

/** Seconds after which a client should ask again; operations here end within a second or two. */
const retryAfterSeconds = 1;

/** Writes an `ArmReply`: status, ETag, what was ignored, and the headers by which a client follows an operation. */
@Injectable()
export class ArmReplyInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    return next.handle().pipe(map((value: unknown) => (isArmReply(value) ? write(value, http.getRequest(), http.getResponse()) : value)));
  }
}

function write(answer: ArmReply, request: FastifyRequest, reply: FastifyReply): unknown {
  reply.status(answer.status);
  for (const [name, value] of Object.entries(answer.headers ?? {})) reply.header(name, value);
  if (answer.etag !== undefined) reply.header('etag', answer.etag);
  const ignored = ignoredOf(request.body);
  if (ignored !== undefined) reply.header(ignoredHeader, ignored);
  if (answer.operation) announce(answer.operation, request, reply);
  if (answer.etag !== undefined && isUnchanged(request, answer.etag)) {
    reply.status(304);
    return undefined;
  }
  return answer.body;
}

function announce({ name, state, result }: OperationLink, request: FastifyRequest, reply: FastifyReply): void {
  const { baseUrl, apiVersion } = request.arm!;
  const link = (collection: string) => encodeURI(`${baseUrl}${collection}/${name}`) + `?api-version=${apiVersion.value}`;
  if (state !== undefined) reply.header('azure-asyncoperation', link(state));
  if (result !== undefined) reply.header('location', link(result));
  reply.header('retry-after', String(retryAfterSeconds));
}

// RFC 9110 §13.1.2: a read whose representation the client already has.
function isUnchanged(request: FastifyRequest, etag: string): boolean {
  const condition = request.headers['if-none-match'];
  if ((request.method !== 'GET' && request.method !== 'HEAD') || condition === undefined) return false;
  return condition.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
