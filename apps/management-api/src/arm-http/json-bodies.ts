import type * as http from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** JSON, and JSON by a name of its own such as `application/merge-patch+json`. */
const json = /^application\/([\w.-]+\+)?json\b/i;

/**
 * Reads JSON bodies. A body of no bytes is no body, whatever its Content-Type says: the Azure SDKs announce JSON on actions that
 * carry nothing. Where a body is needed, its schema asks for it.
 */
export function readJsonBodies(app: NestFastifyApplication): void {
  const parse = app.getHttpAdapter().getInstance().getDefaultJsonParser('error', 'error');
  // By its plain name as well: Fastify's own parser is registered under it, and a name goes before a pattern.
  for (const type of ['application/json', json]) {
    app.useBodyParser<http.Server>(type, {}, (request, body, done) => {
      if (body.length === 0) done(null, undefined);
      else void parse(request, body.toString('utf8'), done);
    });
  }
}
