import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import type { KeyRing, PrincipalTokens } from '#lib/identity';
import type { Caller } from '../arm-http/access.js';

/** passport-jwt speaks of Express requests; all it reads of one is `headers`, which Fastify's has too. */
type PassportRequest = Parameters<Strategy['authenticate']>[0];

/**
 * passport-jwt with our own keys. A token seen before comes from memory. A new one is verified once, by passport-jwt
 * (algorithm, signature, times, audience); our own reading of its header goes before, that of its claims after.
 *
 * @param name one for each application: passport keeps strategies by name for the whole process.
 */
export function bearerStrategy(name: string, keys: KeyRing, tokens: PrincipalTokens, audiences: readonly string[]): Strategy {
  const both = audiences.flatMap((audience) => [audience, `${audience}/`]);

  class BearerStrategy extends PassportStrategy(Strategy, name) {
    constructor() {
      super({
        jwtFromRequest: fromHeader,
        secretOrKeyProvider: (_request: PassportRequest, token: string, done: (error: unknown, key?: never) => void) => {
          try {
            // jsonwebtoken takes a KeyObject where passport-jwt's types only speak of text.
            done(null, keys.publicKeyFor(token) as never);
          } catch (error) {
            done(error);
          }
        },
        algorithms: ['ES256'],
        audience: both as [string, ...string[]],
        // Young tokens of a machine whose clock is ahead; expiry is checked again, without grace, by `validate`.
        jsonWebTokenOptions: { clockTolerance: 5 },
        passReqToCallback: true,
      });
    }

    validate(request: PassportRequest, claims: Record<string, unknown>): Caller {
      return tokens.admit(fromHeader(request) ?? '', claims, audiences);
    }

    override authenticate(request: PassportRequest, options?: object): void {
      const token = fromHeader(request);
      try {
        const known = token === null ? undefined : tokens.recall(token, audiences);
        if (known) return this.success(known);
      } catch (error) {
        return this.fail(error as never);
      }
      super.authenticate(request, options);
    }
  }
  return new BearerStrategy();
}

const bearerHeader = ExtractJwt.fromAuthHeaderAsBearerToken();
const fromHeader = (request: PassportRequest): string | null => bearerHeader(request);
