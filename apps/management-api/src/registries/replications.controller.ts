import { Get, Param } from '@nestjs/common';
import { ok, type ArmReply } from '#lib/arm';
import { Call, type ArmCall } from '../arm-http/arm-call.js';
import { ArmController, Verb } from '../arm-http/arm-controller.js';
import { resourceNotFound } from '../arm-http/not-found.js';
import { RegistriesService } from './registries.service.js';
import { renderHomeReplication, replicatedRegions, replication } from './replication.resource.js';

const acr = 'Microsoft.ContainerRegistry/registries';

/** The regions a registry is in: its home region. */
@ArmController({
  area: 'registries',
  type: 'registries/replications',
  tag: 'Replications',
  path: `subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/providers/${acr}/:registryName/replications`,
})
export class ReplicationsController {
  constructor(private readonly registries: RegistriesService) {}

  @Get()
  @Verb({
    id: 'Replications_List',
    description: 'A Premium registry is in its home region. Registries of the other tiers answer an empty list.',
    summary: 'Lists the regions a registry is in.',
    action: `${acr}/replications/read`,
    answers: { 200: replication.page },
  })
  async list(@Call() call: ArmCall, @Param('registryName') name: string): Promise<ArmReply> {
    const row = await this.registries.get(call, name);
    return ok({ value: replicatedRegions(row).map(() => renderHomeReplication(row, call.apiVersion.value)) });
  }

  @Get(':replicationName')
  @Verb({
    id: 'Replications_Get',
    description: 'Shows the state of the registry in that region.',
    summary: 'Gets a registry as it is in one region.',
    action: `${acr}/replications/read`,
    answers: { 200: replication.response },
  })
  async get(@Call() call: ArmCall, @Param('registryName') name: string, @Param('replicationName') region: string): Promise<ArmReply> {
    const row = await this.registries.get(call, name);
    if (replicatedRegions(row).includes(region.toLowerCase())) return ok(renderHomeReplication(row, call.apiVersion.value));
    throw resourceNotFound(`registries/${name}/replications/${region}`, call.resourceGroup!.name);
  }
}
