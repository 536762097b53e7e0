import { z } from 'zod';
import { pageOf } from '#lib/arm';
import type { IssuedSecret, Principal, SecretInfo } from '#lib/identity';

const control = String.raw`\x00-\x1f\x7f-\x9f`;
// What String.trim() takes away, written so that every engine reads it (no \u in the pattern).
const blank = String.raw`\x20\xa0` + '\u1680\u2000-\u200a\u2027-\u202f\u205f\u3000\ufefe-\uff00';
const displayName = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .regex(
    new RegExp(`^[^${control}]*[^${control}${blank}][^${control}]*$`),
    'A display name has no control characters, and more than blanks.',
  )
  .meta({ description: 'What people call it.', example: 'ci-pipeline' });
const expiresOn = z.iso.datetime({ offset: true }).meta({ description: 'When the secret stops working; two years from now unless told.' });

/** What may be shown of a secret at any time. */
export const secretView = z
  .object({
    id: z.string(),
    displayName: z.string(),
    hint: z.string().meta({ description: 'The first three characters.' }),
    createdOn: z.string(),
    expiresOn: z.string(),
  })
  .meta({ id: 'ServicePrincipalSecret' });
export const secretPage = pageOf(secretView, 'ServicePrincipalSecretListResult');

/** A secret just made. */
export const issuedSecretView = secretView
  .extend({ value: z.string().meta({ description: 'The secret. It is shown this once.' }) })
  .meta({ id: 'IssuedServicePrincipalSecret' });

export const servicePrincipalView = z
  .object({
    id: z.string().meta({ description: 'Object id: what roles are assigned to.' }),
    clientId: z.string().meta({ description: 'What it signs in with.' }),
    tenantId: z.string(),
    subscriptionId: z.string().nullable().meta({ description: 'The subscription whose Owners look after it.' }),
    displayName: z.string(),
    enabled: z.boolean(),
    createdOn: z.string(),
  })
  .meta({ id: 'ServicePrincipal' });
export type ServicePrincipalView = z.infer<typeof servicePrincipalView>;
export const servicePrincipalPage = pageOf(servicePrincipalView, 'ServicePrincipalListResult');
export const newServicePrincipalView = servicePrincipalView.extend({ secret: issuedSecretView }).meta({ id: 'IssuedServicePrincipal' });

export const servicePrincipalPost = z
  .strictObject({
    subscriptionId: z.uuid().meta({ description: 'The subscription whose Owners look after it. It gets no role there by this.' }),
    displayName,
    secretName: displayName.optional().meta({ description: 'What people call its first secret.' }),
    secretExpiresOn: expiresOn.optional(),
  })
  .meta({ id: 'ServicePrincipalPost' });
export type ServicePrincipalPost = z.infer<typeof servicePrincipalPost>;

export const servicePrincipalPatch = z
  .strictObject({
    displayName: displayName.optional(),
    enabled: z.boolean().optional().meta({ description: 'False: it cannot sign in and its tokens open nothing, until it is true again.' }),
  })
  .meta({ id: 'ServicePrincipalPatch' });
export type ServicePrincipalPatch = z.infer<typeof servicePrincipalPatch>;

export const secretPost = z.strictObject({ displayName, expiresOn: expiresOn.optional() }).meta({ id: 'ServicePrincipalSecretPost' });
export type SecretPost = z.infer<typeof secretPost>;

export function renderPrincipal(row: Principal): ServicePrincipalView {
  const { id, clientId, tenantId, homeSubscriptionId, displayName: name, enabled, createdAt } = row;
  return { id, clientId, tenantId, subscriptionId: homeSubscriptionId, displayName: name, enabled, createdOn: createdAt.toISOString() };
}

export function renderSecret({ id, displayName: name, hint, createdAt, expiresAt }: SecretInfo): z.infer<typeof secretView> {
  return { id, displayName: name, hint, createdOn: createdAt.toISOString(), expiresOn: expiresAt.toISOString() };
}

export function renderIssued(secret: IssuedSecret): z.infer<typeof issuedSecretView> {
  return { ...renderSecret(secret), value: secret.secret };
}
