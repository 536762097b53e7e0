import { Body, Controller, Delete, Get, Param, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { type ArmReply, created, noContent, ok, pageSize } from '#lib/arm';
import { Fault } from '#lib/domain';
import { AnyCaller, callerOf } from '../../arm-http/access.js';
import { topQuery, Verb } from '../../arm-http/arm-controller.js';
import { baseUrlOf } from '../../arm-http/base-url.js';
import { AuthSettings } from '../auth-settings.js';
import {
  issuedSecretView,
  newServicePrincipalView,
  renderIssued,
  renderPrincipal,
  renderSecret,
  secretPage,
  type SecretPost,
  secretPost,
  servicePrincipalPage,
  type ServicePrincipalPatch,
  servicePrincipalPatch,
  type ServicePrincipalPost,
  servicePrincipalPost,
  servicePrincipalView,
} from './service-principal.schemas.js';
import { ServicePrincipalsService } from './service-principals.service.js';

const path = 'regatta/v1/servicePrincipals';
const guid = { type: 'string', format: 'uuid' } as const;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Secrets are for the one who asked, not for caches on the way. */
const unseen = { headers: { 'cache-control': 'no-store' } };

/** Regatta's own API beside ACR's: who may sign in. In Azure this is Microsoft Graph's part. */
@ApiTags('Service principals')
@Controller(path)
export class ServicePrincipalsController {
  constructor(
    private readonly service: ServicePrincipalsService,
    private readonly settings: AuthSettings,
  ) {}

  @AnyCaller()
  @Get()
  @ApiQuery({ name: 'subscriptionId', required: true, description: 'The subscription that looks after them.', schema: guid })
  @ApiQuery(topQuery)
  @ApiQuery({ name: 'after', required: false, description: 'The id after which the page begins; nextLink has it.', schema: guid })
  @Verb({
    id: 'ServicePrincipals_List',
    description: 'Needs the right to assign roles in the subscription. Secrets are not shown.',
    summary: 'Service principals of a subscription.',
    answers: { 200: servicePrincipalPage },
  })
  async list(
    @Req() request: FastifyRequest,
    @Query('subscriptionId') subscriptionId: unknown,
    @Query('$top') top: unknown,
    @Query('after') after: unknown,
  ): Promise<ArmReply> {
    const home = guidOf(subscriptionId, 'subscriptionId');
    const limit = pageSize(top);
    const slice = await this.service.list(callerOf(request), home, limit, after === undefined ? undefined : guidOf(after, 'after'));
    const [next] = slice.next ?? [];
    const query = `subscriptionId=${home}&$top=${limit}&after=${next}`;
    const nextLink = next === undefined ? {} : { nextLink: `${baseUrlOf(request, this.settings.managementUrl)}/${path}?${query}` };
    return ok({ value: slice.items.map(renderPrincipal), ...nextLink });
  }

  @AnyCaller()
  @Post()
  @Verb({
    id: 'ServicePrincipals_Create',
    description: 'It may do nothing until it gets a role. Keep the secret: it cannot be shown again.',
    summary: 'Makes a service principal; its secret is shown this once.',
    answers: { 201: newServicePrincipalView },
  })
  async create(@Req() request: FastifyRequest, @Body({ schema: servicePrincipalPost }) body: ServicePrincipalPost): Promise<ArmReply> {
    const { principal, secret } = await this.service.create(callerOf(request), body);
    return created({ ...renderPrincipal(principal), secret: renderIssued(secret) }, unseen);
  }

  @AnyCaller()
  @Get(':servicePrincipalId')
  @Verb({
    id: 'ServicePrincipals_Get',
    description: 'Shows its name, its client id, and whether it may sign in.',
    summary: 'One service principal.',
    answers: { 200: servicePrincipalView },
  })
  async get(@Req() request: FastifyRequest, @Param('servicePrincipalId') id: string): Promise<ArmReply> {
    return ok(renderPrincipal(await this.service.get(callerOf(request), guidOf(id, 'servicePrincipalId'))));
  }

  @AnyCaller()
  @Patch(':servicePrincipalId')
  @Verb({
    id: 'ServicePrincipals_Update',
    description: 'Changes only the members that are sent. A disabled principal cannot sign in, and its tokens open nothing.',
    summary: 'Renames, disables or enables it.',
    answers: { 200: servicePrincipalView },
  })
  async patch(
    @Req() request: FastifyRequest,
    @Param('servicePrincipalId') id: string,
    @Body({ schema: servicePrincipalPatch }) body: ServicePrincipalPatch,
  ): Promise<ArmReply> {
    return ok(renderPrincipal(await this.service.update(callerOf(request), guidOf(id, 'servicePrincipalId'), body)));
  }

  @AnyCaller()
  @Delete(':servicePrincipalId')
  @Verb({
    id: 'ServicePrincipals_Delete',
    description: 'Cannot be undone. Answers 204 if there is no such principal.',
    summary: 'Removes it with its secrets and roles.',
    answers: { 204: null },
  })
  async delete(@Req() request: FastifyRequest, @Param('servicePrincipalId') id: string): Promise<ArmReply> {
    await this.service.delete(callerOf(request), guidOf(id, 'servicePrincipalId'));
    return noContent();
  }

  @AnyCaller()
  @Get(':servicePrincipalId/secrets')
  @Verb({
    id: 'ServicePrincipalSecrets_List',
    description: 'Shows names, the first characters and expiry, so that a secret in use can be told from an old one.',
    summary: 'Its secrets, without their texts.',
    answers: { 200: secretPage },
  })
  async secrets(@Req() request: FastifyRequest, @Param('servicePrincipalId') id: string): Promise<ArmReply> {
    return ok({ value: (await this.service.secrets(callerOf(request), guidOf(id, 'servicePrincipalId'))).map(renderSecret) });
  }

  @AnyCaller()
  @Post(':servicePrincipalId/secrets')
  @Verb({
    id: 'ServicePrincipalSecrets_Create',
    description: 'Use it to rotate: add a secret, move the programs over, delete the old one.',
    summary: 'One more secret beside those it has; shown this once.',
    answers: { 201: issuedSecretView },
  })
  async addSecret(
    @Req() request: FastifyRequest,
    @Param('servicePrincipalId') id: string,
    @Body({ schema: secretPost }) body: SecretPost,
  ): Promise<ArmReply> {
    return created(renderIssued(await this.service.addSecret(callerOf(request), guidOf(id, 'servicePrincipalId'), body)), unseen);
  }

  @AnyCaller()
  @Delete(':servicePrincipalId/secrets/:secretId')
  @Verb({
    id: 'ServicePrincipalSecrets_Delete',
    description: 'It cannot be used to sign in any more. Answers 204 if there is no such secret.',
    summary: 'From now on this secret opens nothing.',
    answers: { 204: null },
  })
  async removeSecret(
    @Req() request: FastifyRequest,
    @Param('servicePrincipalId') id: string,
    @Param('secretId') secretId: string,
  ): Promise<ArmReply> {
    await this.service.removeSecret(callerOf(request), guidOf(id, 'servicePrincipalId'), guidOf(secretId, 'secretId'));
    return noContent();
  }
}

function guidOf(value: unknown, name: string): string {
  if (typeof value === 'string' && uuid.test(value)) return value.toLowerCase();
  throw new Fault('InvalidParameter', `'${name}' must be given once, as a GUID.`, { target: name });
}
