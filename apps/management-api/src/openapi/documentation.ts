import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { openRoute } from '../arm-http/access.js';
import type { ManagementConfig } from '../config.js';
import { buildDocument } from './document.js';
import { downConverted } from './openapi-3.0.js';
import { type Place, placeOf, readPlace } from './place.js';

const assets = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'index.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const;

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Regatta management API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="stylesheet" href="/docs/index.css">
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const start = `window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  docExpansion: 'none',
  tryItOutEnabled: true,
  displayRequestDuration: true,
  filter: true,
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
  validatorUrl: null,
  // The page may call only the host it came from: where that is not the first server, it calls the second.
  onComplete: () => {
    const [first] = window.ui.specSelectors.servers().toJS();
    window.ui.initOAuth({ scopes: [first.url + '/.default'] });
    if (new URL(first.url, location.href).origin !== location.origin) window.ui.oas3Actions.setSelectedServer('/');
  },
});
`;

// Nothing but what this host serves: no inline script, no other origin, no frame around it. Swagger UI's pictures are data URLs.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `/openapi.json` and Swagger UI at `/docs`, from files of this installation: works without any other host. */
export function serveDocumentation(app: NestFastifyApplication, config: ManagementConfig): void {
  const fastify = app.getHttpAdapter().getInstance();
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const documents = new Documents(app, config);
  fastify.get('/openapi.json', openRoute, async (_request, reply) => {
    reply.type('application/json; charset=utf-8');
    return (await documents.get()).v31;
  });
  fastify.get('/openapi-3.0.json', openRoute, async (_request, reply) => {
    reply.type('application/json; charset=utf-8');
    return (await documents.get()).v30;
  });
  fastify.get('/docs', openRoute, (_request, reply) => guarded(reply).type('text/html; charset=utf-8').send(page));
  fastify.get('/docs/start.js', openRoute, (_request, reply) => guarded(reply).type('text/javascript; charset=utf-8').send(start));
  for (const [name, type] of Object.entries(assets)) {
    const content = readFileSync(join(folder, name));
    fastify.get(`/docs/${name}`, openRoute, (_request, reply) =>
      guarded(reply).type(type).header('cache-control', 'public, max-age=3600').send(content),
    );
  }
}

interface DocumentTexts {
  v31: string;
  v30: string;
}

/** The document as text: built once for its examples without a subscription, and once for those with the oldest subscription. */
class Documents {
  readonly #app: NestFastifyApplication;
  readonly #config: ManagementConfig;
  #empty: DocumentTexts | undefined;
  #final: DocumentTexts | undefined;

  constructor(app: NestFastifyApplication, config: ManagementConfig) {
    this.#app = app;
    this.#config = config;
  }

  async get(): Promise<DocumentTexts> {
    if (this.#final) return this.#final;
    const place = await readPlace(this.#app, this.#config);
    if (!place) return (this.#empty ??= this.#build(placeOf(this.#config)));
    return (this.#final ??= this.#build(place));
  }

  #build(place: Place): DocumentTexts {
    const document = buildDocument(this.#app, place);
    return { v31: JSON.stringify(document), v30: JSON.stringify(downConverted(document)) };
  }
}

function guarded(reply: FastifyReply): FastifyReply {
  return reply.headers({ 'content-security-policy': policy, 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' });
}
