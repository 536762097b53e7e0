import type { OpenAPIObject } from '@nestjs/swagger';
import { examples } from './examples.js';
import { namePattern } from './path-parameters.js';
import type { Place } from './place.js';

type Schema = Record<string, unknown>;

const text: Schema = { type: 'string' };
const number: Schema = { type: 'integer' };
const json = (schema: Schema) => ({ content: { 'application/json': { schema } } });
const object = (properties: Record<string, Schema>, required = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
});

const authority = {
  name: 'authority',
  in: 'path' as const,
  required: true,
  description: 'Id of the tenant, or organizations, common or adfs.',
  schema: { type: 'string', minLength: 1, maxLength: 64, pattern: namePattern },
  example: 'organizations',
};

const tokenRequest = object(
  {
    grant_type: { type: 'string', enum: ['client_credentials'] },
    client_id: { type: 'string', format: 'uuid', description: 'Here, or as the user of an Authorization: Basic header.' },
    client_secret: { type: 'string', format: 'password', maxLength: 2048 },
    scope: {
      type: 'string',
      description: 'Whom the token is for, followed by /.default.',
      maxLength: 2048,
      pattern: '^[a-zA-Z][a-zA-Z0-9+.-]*:[\\x21\\x23-\\x5b\\x5d-\\x7e]+/\\.default$',
    },
  },
  ['grant_type', 'scope'],
);
const tokenAnswer = object({ token_type: text, expires_in: number, ext_expires_in: number, access_token: text });
const refused = (description: string, headers?: object) => ({ description, ...headers, ...json(tokenError) });
const wait = { headers: { 'Retry-After': { description: 'Seconds to wait before the next try.', schema: number } } };
const tokenError = object({ error: text, error_description: text, error_codes: { type: 'array', items: number } });
const notAnAuthority = { 400: refused('There is no such authority.') };
const configuration = { ...object({ issuer: text, token_endpoint: text, jwks_uri: text }), additionalProperties: true };
const keys = object({ keys: { type: 'array', items: { type: 'object', additionalProperties: true } } });
const cloud = {
  ...object({
    name: text,
    authentication: object({ loginEndpoint: text, audiences: { type: 'array', items: text }, tenant: text, identityProvider: text }),
    resourceManager: text,
    microsoftGraphResourceId: text,
    suffixes: object({ acrLoginServer: text, keyVaultDns: text, storage: text }),
  }),
  additionalProperties: true,
};
const firstCloud = object({
  galleryEndpoint: text,
  graphEndpoint: text,
  portalEndpoint: text,
  graphAudience: text,
  authentication: object({ loginEndpoint: text, audiences: { type: 'array', items: text } }),
  cloudEndpoint: object({ public: object({ endpoint: text, locations: { type: 'array', items: text } }) }),
});
const health = object({ status: text, checks: { type: 'object', additionalProperties: text } }, ['status']);

/** What is asked for without a token, and so stands in no ARM controller: tokens, discovery, health. */
export const publicPathsOf = (place: Place): OpenAPIObject['paths'] => ({
  '/metadata/endpoints': {
    get: {
      operationId: 'Metadata_GetEndpoints',
      summary: 'All other addresses, from the one a client was told.',
      description: 'What `az cloud register` and Terraform read first: where to sign in, and which suffixes login servers have.',
      tags: ['Sign-in'],
      security: [],
      parameters: [
        {
          name: 'api-version',
          in: 'query',
          required: true,
          description: 'Before 2022-09-01 the answer is a list of one, before 2019-05-01 it names the regions.',
          schema: { ...text, pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?$', default: '2022-09-01' },
        },
      ],
      responses: {
        200: { description: 'This cloud.', ...json({ anyOf: [cloud, { type: 'array', items: cloud }, firstCloud] }) },
        400: { description: 'There is no api-version.', ...json({ $ref: '#/components/schemas/ErrorResponse' }) },
      },
    },
  },
  '/{authority}/oauth2/v2.0/token': {
    post: {
      operationId: 'Tokens_Issue',
      summary: 'An access token for a service principal that knows its secret.',
      description:
        'Client credentials of OAuth 2.0 (RFC 6749, 4.4), as Microsoft Entra gives them. Send client id and secret in the form or in a Basic header. `scope` names the service the token is for, followed by `/.default`.',
      tags: ['Sign-in'],
      security: [],
      parameters: [authority],
      requestBody: {
        required: true,
        content: { 'application/x-www-form-urlencoded': { schema: tokenRequest, examples: examples['Tokens_Issue']!(place) } },
      },
      responses: {
        200: { description: 'The token.', ...json(tokenAnswer) },
        400: refused('The request is not one for client credentials (RFC 6749, 5.2).'),
        401: refused('The client or its secret is not the right one.'),
        413: refused('The form is larger than a token request can be.'),
        415: refused('The body is not a form.'),
        429: refused('There were too many wrong secrets. Wait, then try again.', wait),
        503: refused('The service cannot answer at the moment. Wait, then try again.', wait),
        default: refused('It did not succeed, as OAuth 2.0 words it.'),
      },
    },
  },
  '/{authority}/v2.0/.well-known/openid-configuration': {
    get: {
      operationId: 'OpenIdConfiguration_Get',
      summary: 'Where tokens come from, and how they are signed.',
      description: 'OpenID Connect discovery. SDKs read it before they ask for their first token.',
      tags: ['Sign-in'],
      security: [],
      parameters: [authority],
      responses: { 200: { description: 'OpenID Connect Discovery 1.0.', ...json(configuration) }, ...notAnAuthority },
    },
  },
  '/{authority}/discovery/v2.0/keys': {
    get: {
      operationId: 'Keys_List',
      summary: 'The public keys that tokens are verified with.',
      description: 'Keys rotate: read them again when a token names a key you do not know.',
      tags: ['Sign-in'],
      security: [],
      parameters: [authority],
      responses: { 200: { description: 'A JSON Web Key Set.', ...json(keys) }, ...notAnAuthority },
    },
  },
  ...Object.fromEntries(
    Object.entries({ livez: 'is alive', readyz: 'can take requests', startupz: 'has started' }).map(([name, what]) => [
      `/${name}`,
      {
        get: {
          operationId: `Health_${name}`,
          summary: `Whether the process ${what}.`,
          description: 'Answers on this port as well as on the ops port, without a token.',
          tags: ['Health'],
          security: [],
          responses: {
            200: { description: 'Yes.', ...json(health) },
            503: { description: 'No.', ...json(health) },
          },
        },
      },
    ]),
  ),
});
