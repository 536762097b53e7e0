import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { completeOperations } from './complete-operations.js';
import { errorComponents } from './error-responses.js';
import { addLinks } from './links.js';
import type { Place } from './place.js';
import { publicPathsOf } from './public-paths.js';
import { SchemaConverter } from './schema-converter.js';
import { tags } from './tags.js';

const about = `Registries, and what they are kept in. Wire-compatible with Azure Resource Manager and Azure Container Registry.

Authorize with the client id and secret of a service principal, or with a bearer token you have. Every call names an
\`api-version\`. Long-running operations answer with \`Azure-AsyncOperation\` or \`Location\`: ask there until they have ended.`;

/** The OpenAPI 3.1 document of everything this application answers, from the schemas that validate it. */
export function buildDocument(app: INestApplication, place: Place): OpenAPIObject {
  const settings = new DocumentBuilder()
    .setTitle('Regatta management API')
    .setDescription(about)
    .setVersion('1')
    .setContact('The operators of this installation', `${place.managementUrl}/docs`, '')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .setOpenAPIVersion('3.1.0')
    .addServer(place.managementUrl, 'This installation')
    .addServer('/', 'The address this document came from')
    .addOAuth2(
      {
        type: 'oauth2',
        description: 'Client id and secret of a service principal.',
        flows: {
          clientCredentials: {
            tokenUrl: '/organizations/oauth2/v2.0/token',
            scopes: { [`${place.managementUrl}/.default`]: 'Whatever the roles of the principal allow.' },
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
  completeOperations(document, place);
  addLinks(document);
  delete (document.info.contact as { email?: string }).email;
  const region = { type: 'string', enum: [...place.regions], description: 'A region of this installation.' };
  const { schemas, ...components } = document.components!;
  return {
    ...document,
    tags: tags.map(([name, description]) => ({ name, description })),
    paths: { ...publicPathsOf(place), ...document.paths },
    components: { ...components, schemas: { ...schemas, RegionName: region }, responses: errorComponents } as NonNullable<
      OpenAPIObject['components']
    >,
  };
}
