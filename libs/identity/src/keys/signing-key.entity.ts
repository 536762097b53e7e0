import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { PublicJwk } from './compact-jws.js';

/**
 * A signing key. What it may do follows from the clock alone, so that all processes change over at once:
 * before `activatesAt` it is *next* (published, so that everybody can verify with it before anybody signs with it);
 * from then on *active*, until a younger key becomes active; then *retired* (verifies, does not sign), until every token it
 * signed has expired and the row goes. A key that has leaked is not marked, it is deleted.
 */
@Entity({ schema: 'identity', name: 'signing_keys' })
export class SigningKeyEntity {
  /** RFC 7638 thumbprint of the public key. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'signing_keys_pkey' })
  kid!: string;

  /** PKCS #8 PEM of the private key, sealed with the platform's SecretBox. */
  @Column({ type: 'text', name: 'sealed_private_key' })
  sealedPrivateKey!: string;

  @Column({ type: 'jsonb', name: 'public_jwk' })
  publicJwk!: PublicJwk;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'activates_at' })
  activatesAt!: Date;
}
