import { Fault } from '#lib/domain';
import { bareMediaType } from '#lib/oci';
import type { Call } from '../edge/call.js';
import { readParameters } from '../edge/parameters.js';
import type { Site } from '../edge/site.js';
import { readGetRequest, readPostRequest } from './token-request.js';
import { TokenService } from './token-service.js';

/** Two tokens of 16 KiB at the most and a hundred scopes fit. */
const largestForm = 64 * 1024;
const secret = ['Cache-Control', 'no-store', 'Pragma', 'no-cache'] as const;

/** `/oauth2/token` and `/oauth2/exchange` on the wire. */
export class TokenRoutes {
  constructor(private readonly service: TokenService) {}

  async answer(call: Call, site: Site): Promise<void> {
    const path = call.path.endsWith('/') ? call.path.slice(0, -1) : call.path;
    const authorization = call.request.headers.authorization;
    if (path === '/oauth2/token') {
      call.route = '/oauth2/token';
      if (call.method === 'GET') {
        return call.json(200, await this.service.token(site, readGetRequest(call.query, authorization), call.clientAddress), secret);
      }
      if (call.method === 'POST') {
        const request = readPostRequest(await readForm(call), authorization);
        return call.json(200, await this.service.token(site, request, call.clientAddress), secret);
      }
    } else if (path === '/oauth2/exchange') {
      call.route = '/oauth2/exchange';
      if (call.method === 'POST')
        return call.json(200, await this.service.exchange(site, await readForm(call), call.clientAddress), secret);
    } else {
      throw new Fault('RouteNotFound', 'There is nothing at this address.');
    }
    throw new Fault('MethodNotAllowed', `${call.method} is not possible here.`);
  }
}

async function readForm(call: Call): Promise<URLSearchParams> {
  const type = call.request.headers['content-type'];
  if (type !== undefined && bareMediaType(type) !== 'application/x-www-form-urlencoded') {
    throw new Fault('UnsupportedMediaType', 'The body must be a form: application/x-www-form-urlencoded.');
  }
  const tooLarge = () => new Fault('RequestTooLarge', `The form may have ${largestForm} bytes at the most.`);
  const body = await call.smallBody(largestForm, tooLarge);
  return readParameters(body.toString('utf8'));
}
