import type { FastifyInstance } from 'fastify';
import { Fault } from '#lib/domain';
import { originForm } from '#lib/platform';

/**
 * The one form of a request target that routing, rights and links see: path and query alone, one slash between segments (clients
 * that append a resource id to their base address send two), and nothing percent-encoded that needs no encoding (RFC 3986, 6.2.2.2).
 */
export function normaliseTarget(target: string): string {
  const origin = originForm(target);
  const end = origin.search(/[?#]/);
  const path = end === -1 ? origin : origin.slice(0, end);
  return path.replaceAll(encoded, decodeUnreserved).replaceAll(/\/{2,}/g, '/') + origin.slice(path.length);
}

const encoded = /%[0-9a-f]{2}/gi;
const unreserved = /^[A-Za-z0-9._~-]$/;

function decodeUnreserved(triplet: string): string {
  const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
  return unreserved.test(character) ? character : triplet;
}

/**
 * The path of a target as a log or an answer may show it: without what comes after it, also where a client encoded the mark before
 * that, and without user and password that belong in front of a host. No name of a resource has such characters.
 */
export function shownPath(target: string, longest: number): string {
  const path = target.split(/[?#;]|%3f|%23|%3b/i, 1)[0]!;
  return path.replaceAll(/[^/]*@/g, '').slice(0, longest);
}

/**
 * Segments that could name another resource than they seem to: dots, a slash or backslash inside a name, and the one letter whose
 * lower case is longer than itself (U+0130), behind which a router that compares without case takes names from the wrong place.
 */
const crafted = /(^|\/)\.{1,2}(\/|$)|%2f|%5c|%c4%b0|\\/i;

/** Refuses a path that could be read in two ways. Routes and rights then never see one. */
export function refuseCraftedPaths(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const [path = ''] = request.url.split('?', 1);
    if (!crafted.test(path)) return done();
    done(
      new Fault('InvalidParameter', "The URL must not have the segments '.' and '..', and no slash and no U+0130 inside a name.", {
        target: 'url',
      }),
    );
  });
}
