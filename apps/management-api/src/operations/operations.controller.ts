import { Get, Param } from '@nestjs/common';
import { operationStatus, type ArmReply } from '#lib/arm';
import { RequiresOrStartedBy } from '../arm-http/access.js';
import { ArmController, Verb } from '../arm-http/arm-controller.js';
import { Call, type ArmCall } from '../arm-http/arm-call.js';
import { OperationsService } from './operations.service.js';

// What the operation itself answers: nothing, or the result of an action.
const result = null;
const tag = 'Operations';
const provider = 'providers/Microsoft.ContainerRegistry';

/** Operations on a registry, and on what is in it: under the id of what they change. */
@ArmController({
  area: 'operations',
  type: 'registries/operationStatuses',
  tag,
  path: `subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/${provider}/registries/:registryName`,
  needsGroup: false,
})
export class RegistryOperationsController {
  constructor(private readonly operations: OperationsService) {}

  @RequiresOrStartedBy('Microsoft.ContainerRegistry/registries/operationStatuses/read')
  @Get('operationStatuses/:operationId')
  @Verb({
    id: 'RegistryOperations_GetStatus',
    description: 'Ask until `status` is Succeeded, Failed or Canceled. The address comes from Azure-AsyncOperation.',
    summary: 'Where an operation on a registry stands; of a deletion or an action, whether it has ended.',
    answers: { 200: operationStatus, 202: null, 204: null },
  })
  status(@Call() call: ArmCall, @Param('operationId') name: string): Promise<ArmReply> {
    return this.operations.status(call, name);
  }

  @RequiresOrStartedBy('Microsoft.ContainerRegistry/registries/operationStatuses/read')
  @Get('operationResults/:operationId')
  @Verb({
    id: 'RegistryOperations_GetResult',
    description:
      'Answers 202 as long as the operation is under way, then what the operation itself answers. The address comes from Location.',
    summary: 'The result of an operation on a registry, once it has ended.',
    answers: { 200: result, 202: null, 204: null },
  })
  result(@Call() call: ArmCall, @Param('operationId') name: string): Promise<ArmReply> {
    return this.operations.result(call, name);
  }

  @RequiresOrStartedBy('Microsoft.ContainerRegistry/registries/operationStatuses/read')
  @Get(':childType/:childName/operationStatuses/:operationId')
  @Verb({
    id: 'RegistryChildOperations_GetStatus',
    description: 'Ask until `status` is Succeeded, Failed or Canceled. The address comes from Azure-AsyncOperation.',
    summary: 'Where an operation on something in a registry stands; of a deletion or an action, whether it has ended.',
    answers: { 200: operationStatus, 202: null, 204: null },
  })
  childStatus(@Call() call: ArmCall, @Param('operationId') name: string): Promise<ArmReply> {
    return this.operations.status(call, name);
  }

  @RequiresOrStartedBy('Microsoft.ContainerRegistry/registries/operationStatuses/read')
  @Get(':childType/:childName/operationResults/:operationId')
  @Verb({
    id: 'RegistryChildOperations_GetResult',
    description:
      'Answers 202 as long as the operation is under way, then what the operation itself answers. The address comes from Location.',
    summary: 'The result of an operation on something in a registry, once it has ended.',
    answers: { 200: result, 202: null, 204: null },
  })
  childResult(@Call() call: ArmCall, @Param('operationId') name: string): Promise<ArmReply> {
    return this.operations.result(call, name);
  }
}

/** The same operations under their location, where some clients look. */
@ArmController({
  area: 'operations',
  type: 'locations/operationResults',
  tag,
  path: `subscriptions/:subscriptionId/${provider}/locations/:location`,
  needsGroup: false,
})
export class OperationsController {
  constructor(private readonly operations: OperationsService) {}

  @RequiresOrStartedBy('Microsoft.ContainerRegistry/locations/operationResults/read')
  @Get('operationStatuses/:operationId')
  @Verb({
    id: 'LocationOperations_GetStatus',
    description: 'The same operations as under the registry, by region.',
    summary: 'Where an operation stands.',
    answers: { 200: operationStatus },
  })
  status(@Call() call: ArmCall, @Param('operationId') name: string): Promise<ArmReply> {
    return this.operations.status(call, name);
  }

  @RequiresOrStartedBy('Microsoft.ContainerRegistry/locations/operationResults/read')
  @Get('operationResults/:operationId')
  @Verb({
    id: 'LocationOperations_GetResult',
    description: 'The same operations as under the registry, by region. Answers 202 as long as the operation is under way.',
    summary: 'The result of an operation, once it has ended.',
    answers: { 200: result, 202: null, 204: null },
  })
  result(@Call() call: ArmCall, @Param('operationId') name: string): Promise<ArmReply> {
    return this.operations.result(call, name);
  }
}

/** Operations on resource groups: under the subscription, since the group will be gone. */
@ArmController({ area: 'resourceOperations', type: 'operationresults', tag, path: 'subscriptions/:subscriptionId', needsGroup: false })
export class SubscriptionOperationsController {
  constructor(private readonly operations: OperationsService) {}

  @RequiresOrStartedBy('Microsoft.Resources/subscriptions/operationresults/read')
  @Get('operationresults/:operationId')
  @Verb({
    id: 'SubscriptionOperations_GetResult',
    description: 'Answers 202 as long as the group is being deleted. The address comes from Location.',
    summary: 'The result of deleting a resource group, once it has ended.',
    answers: { 200: result, 202: null, 204: null },
  })
  result(@Call() call: ArmCall, @Param('operationId') name: string): Promise<ArmReply> {
    return this.operations.result(call, name, 'operationresults');
  }

  @RequiresOrStartedBy('Microsoft.Resources/subscriptions/operationresults/read')
  @Get('operationStatuses/:operationId')
  @Verb({
    id: 'SubscriptionOperations_GetStatus',
    description: 'Ask until `status` is Succeeded, Failed or Canceled.',
    summary: 'Where an operation on a resource group stands.',
    answers: { 200: operationStatus },
  })
  status(@Call() call: ArmCall, @Param('operationId') name: string): Promise<ArmReply> {
    return this.operations.status(call, name);
  }
}
