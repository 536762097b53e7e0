import type { FastifyRequest } from 'fastify';

const hostPattern = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]{1,253})(:\d{1,5})?$/;

/**
 * Scheme and host for absolute links in an answer. A client that came by the public name gets the public address, also behind
 * a proxy that ended its TLS; one that came another way (loopback, another port) gets links back the way it came.
 */
export function baseUrlOf(request: FastifyRequest, publicUrl: string): string {
  const { host, secure } = request.origin ?? { host: request.headers.host ?? '', secure: request.protocol === 'https' };
  const base = `${secure ? 'https' : 'http'}://${host}`;
  // Letters and digits alone make no host: a port may be too large, an address no address.
  if (!hostPattern.test(host) || !URL.canParse(base)) return publicUrl;
  return new URL(publicUrl).host.toLowerCase() === host.toLowerCase() ? publicUrl : base;
}
