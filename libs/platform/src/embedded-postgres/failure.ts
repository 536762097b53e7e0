/** Why the embedded Postgres cannot be started, in one sentence a user can act on. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}
