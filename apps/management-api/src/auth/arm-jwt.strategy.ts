import type { FastifyRequest } from 'fastify';
import { ExtractJwt, Strategy } from 'passport-jwt';
import type { KeyRing, PrincipalTokens } from '#lib/identity';

/** passport-jwt speaks of Express requests; all it reads of one is `headers`, which Fastify's has too. */
type PassportRequest = Parameters<Strategy['authenticate']>[0];

/** Audiences under which our tokens are for the management API: its own address, and ARM's, which clients may be set to. */
export function managementAudiences(managementUrl: string): string[] {
  return [managementUrl, 'https://management.azure.com', 'https://management.core.windows.net'];
}

/**
 * passport-jwt against our own keys. A token seen before comes from memory; a new one passes passport-jwt (algorithm, signature,
 * times, audience) and our own stricter reading of the header and the claims.
 */
export class ArmJwtStrategy extends Strategy {
  private readonly recall: (token: string) => object | undefined;

  constructor(keys: KeyRing, tokens: PrincipalTokens, audiences: readonly string[]) {
    const both = audiences.flatMap((audience) => [audience, `${audience}/`]);
    super(
      {
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
        // Young tokens of a machine whose clock is ahead; expiry is checked again, without grace, by `tokens.bearer`.
        jsonWebTokenOptions: { clockTolerance: 5 },
        passReqToCallback: true,
      },
      (request: PassportRequest, _payload: unknown, done: (error: unknown, user?: unknown, info?: unknown) => void) => {
        try {
          done(null, tokens.bearer(fromHeader(request) ?? '', audiences));
        } catch (error) {
          done(null, false, error);
        }
      },
    );
    this.recall = (token) => tokens.recall(token, audiences);
  }

  // passport runs this on an object made from the strategy: fields are found by prototype, `#private` ones are not.
  override authenticate(request: PassportRequest, options?: unknown): void {
    const token = fromHeader(request);
    try {
      const known = token === null ? undefined : this.recall(token);
      if (known) return this.success(known);
    } catch (error) {
      return this.fail(error as never);
    }
    super.authenticate(request, options);
  }
}

const bearerHeader = ExtractJwt.fromAuthHeaderAsBearerToken();
const fromHeader = (request: PassportRequest): string | null => bearerHeader(request);

/** Whether the request carries an `Authorization` header that could hold a bearer token. */
export function authorizationForm(request: FastifyRequest): 'absent' | 'bearer' | 'other' {
  const header = request.headers.authorization;
  if (header === undefined || header === '') return 'absent';
  return /^bearer +\S+$/i.test(header) ? 'bearer' : 'other';
}
