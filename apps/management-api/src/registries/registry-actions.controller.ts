import { Body, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ok, type ArmReply } from '#lib/arm';
import { Call, type ArmCall } from '../arm-http/arm-call.js';
import { ArmController, Verb } from '../arm-http/arm-controller.js';
import { Pages } from '../arm-http/pages.js';
import { CONFIG } from '../arm-http/tokens.js';
import type { ManagementConfig } from '../config.js';
import { RegistriesService } from './registries.service.js';
import { RegistryCredentialsService } from './registry-credentials.service.js';
import { RegistryNamesService } from './registry-names.service.js';
import { RegistryUsage } from './registry-usage.js';
import { renderRegistry } from './registry-view.js';
import {
  credentials,
  nameCheck,
  nameStatus,
  regenerateCredential,
  registry,
  usages,
  type NameCheck,
  type RegenerateCredential,
} from './registry.resource.js';

const acr = 'Microsoft.ContainerRegistry';
/** Passwords are for the caller, not for caches on the way. */
const unseen = { headers: { 'cache-control': 'no-store' } };

/** What one asks of a registry besides reading and writing it. */
@ArmController({
  area: 'registries',
  type: 'registries',
  tag: 'Registries',
  path: 'subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/providers/Microsoft.ContainerRegistry/registries/:registryName',
})
export class RegistryActionsController {
  constructor(
    private readonly registries: RegistriesService,
    private readonly admin: RegistryCredentialsService,
    private readonly usage: RegistryUsage,
  ) {}

  @Post('listCredentials')
  @HttpCode(200)
  @Verb({
    id: 'Registries_ListCredentials',
    description: 'Works only while the admin account is switched on. The answer must not be cached.',
    summary: 'Shows the passwords of the admin account.',
    action: `${acr}/registries/listCredentials/action`,
    answers: { 200: credentials },
  })
  async listCredentials(@Call() call: ArmCall, @Param('registryName') name: string): Promise<ArmReply> {
    return ok(await this.admin.list(call, name), unseen);
  }

  @Post('regenerateCredential')
  @HttpCode(200)
  @Verb({
    id: 'Registries_RegenerateCredential',
    description: 'The other password stays valid, so that programs can move over one by one.',
    summary: 'Makes one of the two passwords of the admin account new.',
    action: `${acr}/registries/regenerateCredential/action`,
    answers: { 200: credentials },
  })
  async regenerateCredential(
    @Call() call: ArmCall,
    @Param('registryName') name: string,
    @Body({ schema: regenerateCredential }) body: RegenerateCredential,
  ): Promise<ArmReply> {
    return ok(await this.admin.regenerate(call, name, body.name), unseen);
  }

  @Get('listUsages')
  @Verb({
    id: 'Registries_ListUsages',
    description: 'Shows the present value and the limit of the SKU for storage, webhooks, network rules and more.',
    summary: 'Says how much the registry has of everything its SKU limits.',
    action: `${acr}/registries/listUsages/read`,
    answers: { 200: usages },
  })
  async listUsages(@Call() call: ArmCall, @Param('registryName') name: string): Promise<ArmReply> {
    return ok({ value: await this.usage.list(await this.registries.get(call, name)) });
  }
}

/** Registries of a whole subscription, and their names. */
@ArmController({
  area: 'registries',
  type: 'registries',
  tag: 'Registries',
  path: 'subscriptions/:subscriptionId/providers/Microsoft.ContainerRegistry',
})
export class SubscriptionRegistriesController {
  constructor(
    private readonly registries: RegistriesService,
    private readonly names: RegistryNamesService,
    private readonly pages: Pages,
    @Inject(CONFIG) private readonly config: ManagementConfig,
  ) {}

  @Get('registries')
  @Verb({
    id: 'Registries_List',
    description: 'Shows the registries of all resource groups that the caller may read, page by page.',
    paged: true,
    summary: 'Lists the registries of a subscription.',
    action: `${acr}/registries/read`,
    answers: { 200: registry.page },
  })
  async list(@Call() call: ArmCall): Promise<ArmReply> {
    const slice = await this.registries.list(call, this.pages.read(call));
    return this.pages.reply(call, slice, (row) => renderRegistry(row, call.apiVersion.value, this.config.REGATTA_LOGIN_SERVER_SUFFIX));
  }

  @Post('checkNameAvailability')
  @HttpCode(200)
  @Verb({
    id: 'Registries_CheckNameAvailability',
    description: 'Names are unique in the whole installation. The answer also says which login server the name would get.',
    summary: 'Says whether a registry name can be taken.',
    action: `${acr}/checkNameAvailability/read`,
    answers: { 200: nameStatus },
  })
  async checkName(@Call() call: ArmCall, @Body({ schema: nameCheck }) body: NameCheck): Promise<ArmReply> {
    return ok(await this.names.check(call, body));
  }
}
