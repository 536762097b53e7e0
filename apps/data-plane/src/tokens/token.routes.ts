import { Fault } from '#lib/domain';
import { bareMediaType } from '#lib/oci';
import type { Call } from '../edge/call.js';
import { methodNotAllowed } from '../edge/failures.js';
import { readParameters } from '../edge/parameters.js';
import type { Site } from '../edge/site.js';
import { readGetRequest, readPostRequest } from './token-request.js';
import { type TokenAnswer, TokenService } from './token-service.js';

/** Two tokens of at most 16 KiB and a hundred scopes fit. */
const largestForm = 64 * 1024;
const secret = ['Cache-Control', 'no-store', 'Pragma', 'no-cache'] as const;

/** `/oauth2/token` and `/oauth2/exchange` on the wire. */
export class TokenRoutes {
  constructor(private readonly service: TokenService) {}

  async answer(call: Call, site: Site): Promise<void> {
    const path = call.path.endsWith('/') ? call.path.slice(0, -1) : call.path;
    if (path !== '/oauth2/token' && path !== '/oauth2/exchange') throw new Fault('RouteNotFound', 'There is nothing at this address.');
    call.route = path;
    const answer = path === '/oauth2/token' ? this.#token(call, site) : this.#exchange(call, site);
    call.json(200, await answer, secret);
  }

  async #token(call: Call, site: Site): Promise<TokenAnswer> {
    const { authorization } = call.request.headers;
    switch (call.verb) {
      case 'GET':
        return this.service.token(site, readGetRequest(call.query, authorization), call.clientAddress);
      case 'POST':
        return this.service.token(site, readPostRequest(await readForm(call), authorization), call.clientAddress);
      default:
        throw methodNotAllowed(call, ['GET', 'POST']);
    }
  }

  async #exchange(call: Call, site: Site): Promise<{ refresh_token: string }> {
    if (call.method !== 'POST') throw methodNotAllowed(call, ['POST']);
    return this.service.exchange(site, await readForm(call), call.clientAddress);
  }
}

async function readForm(call: Call): Promise<URLSearchParams> {
  const type = call.request.headers['content-type'];
  if (type !== undefined && bareMediaType(type) !== 'application/x-www-form-urlencoded') {
    throw new Fault('UnsupportedMediaType', 'The body must be a form: application/x-www-form-urlencoded.');
  }
  const tooLarge = () => new Fault('RequestTooLarge', `The form may have at most ${largestForm} bytes.`);
  const body = await call.smallBody(largestForm, tooLarge);
  return readParameters(body.toString('utf8'));
}
