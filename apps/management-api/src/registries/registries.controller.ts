import { Body, Delete, Get, Head, HttpCode, Inject, Param, Patch, Put } from '@nestjs/common';
import { accepted, created, noContent, ok, type ArmReply, type OperationLink } from '#lib/arm';
import type { OperationEntity, RegistryEntity } from '#lib/control';
import { Call, type ArmCall } from '../arm-http/arm-call.js';
import { ArmController, Verb } from '../arm-http/arm-controller.js';
import { Pages } from '../arm-http/pages.js';
import { CONFIG } from '../arm-http/tokens.js';
import type { ManagementConfig } from '../config.js';
import { RegistriesService, type Removal, type Written } from './registries.service.js';
import { registryEtag, renderRegistry } from './registry-view.js';
import { registry, registryPatch, registryPut, type RegistryPatch, type RegistryPut } from './registry.resource.js';

const acr = 'Microsoft.ContainerRegistry/registries';

/** Registries of one resource group. */
@ArmController({
  area: 'registries',
  type: 'registries',
  tag: 'Registries',
  path: 'subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/providers/Microsoft.ContainerRegistry/registries',
})
export class RegistriesController {
  constructor(
    private readonly registries: RegistriesService,
    private readonly pages: Pages,
    @Inject(CONFIG) private readonly config: ManagementConfig,
  ) {}

  @Get()
  @Verb({
    id: 'Registries_ListByResourceGroup',
    description: 'Page by page.',
    paged: true,
    summary: 'Lists the registries of a resource group.',
    action: `${acr}/read`,
    answers: { 200: registry.page },
  })
  async list(@Call() call: ArmCall): Promise<ArmReply> {
    return this.pages.reply(call, await this.registries.list(call, this.pages.read(call)), (row) => this.#render(call, row));
  }

  @Head(':registryName')
  @HttpCode(204)
  @Verb({
    id: 'Registries_CheckExistence',
    description: 'Answers 204 if it exists, 404 if not, both without a body.',
    summary: 'Whether a registry exists.',
    action: `${acr}/read`,
    answers: { 204: null, 404: null },
  })
  async exists(@Call() call: ArmCall, @Param('registryName') name: string): Promise<ArmReply> {
    await this.registries.get(call, name);
    return noContent();
  }

  @Get(':registryName')
  @Verb({
    id: 'Registries_Get',
    description: 'Every setting is spelled out, defaults as well. What an older api-version does not know is left out.',
    summary: 'Gets a registry.',
    action: `${acr}/read`,
    answers: { 200: registry.response },
  })
  async get(@Call() call: ArmCall, @Param('registryName') name: string): Promise<ArmReply> {
    const row = await this.registries.get(call, name);
    return ok(this.#render(call, row), { etag: registryEtag(row) });
  }

  @Put(':registryName')
  @Verb({
    id: 'Registries_Create',
    description:
      'A new registry answers 201 and is ready when provisioningState is Succeeded. On an existing one, settings that are not sent return to their defaults. Location, zone redundancy and the scope of the login server cannot change later.',
    summary: 'Creates a registry, or makes it what the body says.',
    action: `${acr}/write`,
    answers: { 200: registry.response, 201: registry.response },
    longRunning: true,
  })
  async put(
    @Call() call: ArmCall,
    @Param('registryName') name: string,
    @Body({ schema: registryPut }) body: RegistryPut,
  ): Promise<ArmReply> {
    return this.#written(call, await this.registries.put(call, name, body));
  }

  @Patch(':registryName')
  @Verb({
    id: 'Registries_Update',
    description:
      'A JSON merge patch (RFC 7396): members that are not sent stay as they are, null returns one to its default. A change of SKU is refused as long as the registry has more than the new one allows.',
    summary: 'Changes what the body names.',
    action: `${acr}/write`,
    answers: { 200: registry.response },
    longRunning: true,
  })
  async patch(
    @Call() call: ArmCall,
    @Param('registryName') name: string,
    @Body({ schema: registryPatch }) body: RegistryPatch,
  ): Promise<ArmReply> {
    return this.#written(call, await this.registries.patch(call, name, body));
  }

  @Delete(':registryName')
  @Verb({
    id: 'Registries_Delete',
    description: 'Deletes all content too and cannot be undone. Answers 204 if there is no such registry.',
    summary: 'Deletes a registry and everything in it.',
    action: `${acr}/delete`,
    answers: { 202: null, 204: null },
    longRunning: true,
  })
  async remove(@Call() call: ArmCall, @Param('registryName') name: string): Promise<ArmReply> {
    const removal = await this.registries.remove(call, name);
    return removal ? accepted({ operation: deletionOf(removal) }) : noContent();
  }

  #written(call: ArmCall, { row, isNew, operation }: Written): ArmReply {
    const options = { etag: registryEtag(row), ...(operation && { operation: changeOf(operation) }) };
    const body = this.#render(call, row);
    return isNew ? created(body, options) : ok(body, options);
  }

  #render(call: ArmCall, row: RegistryEntity) {
    return renderRegistry(row, call.apiVersion.value, this.config.REGATTA_LOGIN_SERVER_SUFFIX);
  }
}

/** Where the state of a change is asked for: under the registry. */
const changeOf = ({ resourceId, name }: OperationEntity): OperationLink => ({ name, state: `${resourceId}/operationStatuses` });

/** Where a deletion is waited for: under the registry as well, as ACR has it. Its state is therefore found under its region. */
const deletionOf = ({ operation: { resourceId, subscriptionId, name }, row }: Removal): OperationLink => ({
  name,
  state: `/subscriptions/${subscriptionId}/providers/Microsoft.ContainerRegistry/locations/${row.location}/operationStatuses`,
  result: `${resourceId}/operationStatuses`,
});
