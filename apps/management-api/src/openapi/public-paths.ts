import type { OpenAPIObject } from '@nestjs/swagger';

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
  schema: text,
};

const tokenRequest = object(
  {
    grant_type: { type: 'string', enum: ['client_credentials'] },
    client_id: { type: 'string', format: 'uuid', description: 'Here, or as the user of an Authorization: Basic header.' },
    client_secret: { type: 'string', format: 'password' },
    scope: { type: 'string', description: 'Whom the token is for, followed by /.default.' },
  },
  ['grant_type'],
);
const tokenAnswer = object({ token_type: text, expires_in: number, ext_expires_in: number, access_token: text });
const tokenError = object({ error: text, error_description: text, error_codes: { type: 'array', items: number } });
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
const health = object({ status: text, checks: { type: 'object', additionalProperties: text } }, ['status']);

/** What is asked for without a token, and so stands in no ARM controller: tokens, discovery, health. */
export const publicPaths: OpenAPIObject['paths'] = {
  '/metadata/endpoints': {
    get: {
      operationId: 'Metadata_GetEndpoints',
      summary: 'All other addresses, from the one a client was told.',
      tags: ['Sign-in'],
      security: [],
      parameters: [
        {
          name: 'api-version',
          in: 'query',
          required: true,
          description: 'Before 2022-09-01 the answer is a list of one, before 2019-05-01 it names the regions.',
          schema: { ...text, default: '2022-09-01' },
        },
      ],
      responses: { 200: { description: 'This cloud.', ...json(cloud) } },
    },
  },
  '/{authority}/oauth2/v2.0/token': {
    post: {
      operationId: 'Tokens_Issue',
      summary: 'An access token for a service principal that knows its secret.',
      tags: ['Sign-in'],
      security: [],
      parameters: [authority],
      requestBody: { required: true, content: { 'application/x-www-form-urlencoded': { schema: tokenRequest } } },
      responses: {
        200: { description: 'The token.', ...json(tokenAnswer) },
        default: { description: 'Refused, as OAuth 2.0 words it.', ...json(tokenError) },
      },
    },
  },
  '/{authority}/v2.0/.well-known/openid-configuration': {
    get: {
      operationId: 'OpenIdConfiguration_Get',
      summary: 'Where tokens come from, and how they are signed.',
      tags: ['Sign-in'],
      security: [],
      parameters: [authority],
      responses: { 200: { description: 'OpenID Connect Discovery 1.0.', ...json(configuration) } },
    },
  },
  '/{authority}/discovery/v2.0/keys': {
    get: {
      operationId: 'Keys_List',
      summary: 'The public keys that tokens are verified with.',
      tags: ['Sign-in'],
      security: [],
      parameters: [authority],
      responses: { 200: { description: 'A JSON Web Key Set.', ...json(keys) } },
    },
  },
  ...Object.fromEntries(
    Object.entries({ livez: 'is alive', readyz: 'can take requests', startupz: 'has started' }).map(([name, what]) => [
      `/${name}`,
      {
        get: {
          operationId: `Health_${name}`,
          summary: `Whether the process ${what}.`,
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
};
