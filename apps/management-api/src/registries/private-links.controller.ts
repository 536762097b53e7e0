import { Get, Inject, Param } from '@nestjs/common';
import { z } from 'zod';
import { armResource, ok, renderResource, type ArmReply } from '#lib/arm';
import { registryId, type RegistryEntity } from '#lib/control';
import { Call, type ArmCall } from '../arm-http/arm-call.js';
import { ArmController, Verb } from '../arm-http/arm-controller.js';
import { resourceNotFound } from '../arm-http/not-found.js';
import { CONFIG } from '../arm-http/tokens.js';
import type { ManagementConfig } from '../config.js';
import { RegistriesService } from './registries.service.js';

const acr = 'Microsoft.ContainerRegistry/registries';
const tag = 'Private link';
const path = `subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/providers/${acr}/:registryName`;

const connection = armResource({
  type: `${acr}/privateEndpointConnections`,
  segment: 'privateEndpointConnections',
  name: /^.{1,80}$/,
  title: 'PrivateEndpointConnection',
  properties: z.object({}),
});

/** Private endpoints that reach a registry. No network here makes any, so there are none. */
@ArmController({ area: 'registries', type: 'registries/privateEndpointConnections', tag, path: `${path}/privateEndpointConnections` })
export class PrivateEndpointConnectionsController {
  constructor(private readonly registries: RegistriesService) {}

  @Get()
  @Verb({
    id: 'PrivateEndpointConnections_List',
    description: 'The list is empty: no private endpoint can be made here yet.',
    summary: 'Lists the private endpoint connections of a registry.',
    action: `${acr}/privateEndpointConnections/read`,
    answers: { 200: connection.page },
  })
  async list(@Call() call: ArmCall, @Param('registryName') name: string): Promise<ArmReply> {
    await this.registries.get(call, name);
    return ok({ value: [] });
  }

  @Get(':privateEndpointConnectionName')
  @Verb({
    id: 'PrivateEndpointConnections_Get',
    description: 'Answers 404: no private endpoint can be made here yet.',
    summary: 'Gets a private endpoint connection of a registry.',
    action: `${acr}/privateEndpointConnections/read`,
    answers: { 200: connection.response },
  })
  async get(
    @Call() call: ArmCall,
    @Param('registryName') name: string,
    @Param('privateEndpointConnectionName') connectionName: string,
  ): Promise<ArmReply> {
    await this.registries.get(call, name);
    throw resourceNotFound(`registries/${name}/privateEndpointConnections/${connectionName}`, call.resourceGroup!.name);
  }
}

const group = 'registry';

const linkResource = armResource({
  type: `${acr}/privateLinkResources`,
  segment: 'privateLinkResources',
  name: /^registry$/i,
  title: 'PrivateLinkResource',
  properties: z.object({}),
  readOnly: z.object({ groupId: z.string(), requiredMembers: z.array(z.string()), requiredZoneNames: z.array(z.string()) }),
});

/** What of a registry a private endpoint can connect to: one group, the registry with its data endpoint. */
@ArmController({ area: 'registries', type: 'registries/privateLinkResources', tag, path: `${path}/privateLinkResources` })
export class PrivateLinkResourcesController {
  constructor(
    private readonly registries: RegistriesService,
    @Inject(CONFIG) private readonly config: ManagementConfig,
  ) {}

  @Get()
  @Verb({
    id: 'Registries_ListPrivateLinkResources',
    description: 'There is one, called registry.',
    summary: 'Lists what of a registry a private endpoint can connect to.',
    action: `${acr}/privateLinkResources/read`,
    answers: { 200: linkResource.page },
  })
  async list(@Call() call: ArmCall, @Param('registryName') name: string): Promise<ArmReply> {
    return ok({ value: [this.#render(await this.registries.get(call, name))] });
  }

  @Get(':groupName')
  @Verb({
    id: 'Registries_GetPrivateLinkResource',
    description: 'Shows the members and the DNS zone a private endpoint would need.',
    summary: 'Gets one thing of a registry that a private endpoint can connect to.',
    action: `${acr}/privateLinkResources/read`,
    answers: { 200: linkResource.response },
  })
  async get(@Call() call: ArmCall, @Param('registryName') name: string, @Param('groupName') wanted: string): Promise<ArmReply> {
    const row = await this.registries.get(call, name);
    if (wanted.toLowerCase() === group) return ok(this.#render(row));
    throw resourceNotFound(`registries/${name}/privateLinkResources/${wanted}`, call.resourceGroup!.name);
  }

  #render(row: RegistryEntity) {
    const [zone] = this.config.REGATTA_LOGIN_SERVER_SUFFIX.split(':');
    return renderResource(
      linkResource,
      { id: `${registryId(row)}/privateLinkResources/${group}`, name: group },
      {
        groupId: group,
        requiredMembers: [group, `${group}_data_${row.location}`],
        requiredZoneNames: [`privatelink.${zone}`],
      },
    );
  }
}
