import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { ManagementConfig } from '../config.js';
import { pathParameters } from './path-parameters.js';
import { publicPaths } from './public-paths.js';
import { SchemaConverter } from './schema-converter.js';

const about = `Registries, and what they are kept in. Wire-compatible with Azure Resource Manager and Azure Container Registry.

Authorize with the client id and secret of a service principal, or with a bearer token you have. Every call names an
\`api-version\`. Long-running operations answer with \`Azure-AsyncOperation\` or \`Location\`: ask there until they have ended.`;

/** The OpenAPI 3.1 document of everything this application answers, from the schemas that validate it. */
export function buildDocument(app: INestApplication, config: ManagementConfig): OpenAPIObject {
  const settings = new DocumentBuilder()
    .setTitle('Regatta management API')
    .setDescription(about)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .setOpenAPIVersion('3.1.0')
    .addServer('/', 'This installation')
    .addOAuth2(
      {
        type: 'oauth2',
        description: 'Client id and secret of a service principal.',
        flows: {
          clientCredentials: {
            tokenUrl: '/organizations/oauth2/v2.0/token',
            scopes: { [`${config.REGATTA_MANAGEMENT_URL}/.default`]: 'Whatever the roles of the principal allow.' },
          },
        },
      },
      'servicePrincipal',
    )
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token you have.' }, 'bearer')
    .addSecurityRequirements('servicePrincipal', [])
    .addSecurityRequirements('bearer')
    .build();
  const converter = new SchemaConverter();
  const document = SwaggerModule.createDocument(app, settings, {
    autoTagControllers: false,
    operationIdFactory: (controller, method) => `${controller}_${method}`,
    standardSchemaConverter: converter.convert,
  });
  completePaths(document);
  return { ...document, paths: { ...document.paths, ...publicPaths } };
}

const methods = ['get', 'put', 'post', 'patch', 'delete', 'head', 'options'] as const;

/** Declares the parameters of every path, which are the same wherever they stand. */
function completePaths(document: OpenAPIObject): void {
  for (const [path, item] of Object.entries(document.paths)) {
    const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name!);
    for (const method of methods) {
      const operation = item[method];
      if (!operation) continue;
      const others = (operation.parameters ?? []).filter((parameter) => !('in' in parameter && parameter.in === 'path'));
      operation.parameters = [...names.map((name) => pathParameterOf(name)), ...others, ...conditionsOf(method, path)];
    }
  }
}

/** Writes to what has an ETag may say which one they mean. */
function conditionsOf(method: string, path: string) {
  if (!/^\/subscriptions\/.*\/(resourcegroups\/\{resourceGroupName\}|registries\/\{registryName\})$/i.test(path)) return [];
  const header = (name: string, description: string) => ({
    name,
    in: 'header' as const,
    required: false,
    description,
    schema: { type: 'string' },
  });
  const isMatch = header('If-Match', 'Only if the ETag is still this one; * for any.');
  const isNew = header('If-None-Match', '*: only if there is none yet.');
  return method === 'put' ? [isMatch, isNew] : method === 'patch' || method === 'delete' ? [isMatch] : [];
}

function pathParameterOf(name: string) {
  return { name, in: 'path' as const, required: true, ...(pathParameters[name] ?? { schema: { type: 'string' } }) };
}
