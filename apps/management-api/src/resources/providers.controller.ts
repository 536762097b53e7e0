import { Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ok, type ArmReply } from '#lib/arm';
import type { SubscriptionEntity } from '#lib/control';
import { Fault } from '#lib/domain';
import { AnyCaller } from '../arm-http/access.js';
import { ArmController, Verb } from '../arm-http/arm-controller.js';
import { InSubscription } from '../arm-http/arm-call.js';
import { CONFIG } from '../arm-http/tokens.js';
import type { ManagementConfig } from '../config.js';
import { providerOperations } from './provider-operations.js';
import { providerOperationPage, providerPage, providerView } from './provider.schemas.js';
import { namespaceOf, providers, renderProvider } from './providers.js';

const tag = 'Providers';

/** What Microsoft.ContainerRegistry can be asked to do. */
@ArmController({ area: 'registries', type: 'operations', tag, path: 'providers/Microsoft.ContainerRegistry' })
export class ProviderOperationsController {
  @AnyCaller()
  @Get('operations')
  @Verb({
    id: 'Operations_List',
    description: 'The names that role definitions are made of.',
    summary: 'Every action a role can allow.',
    answers: { 200: providerOperationPage },
  })
  list(): ArmReply {
    return ok({ value: providerOperations });
  }
}

/** Resource providers, whatever the subscription. */
@ArmController({ area: 'resources', type: 'providers', tag, path: 'providers' })
export class ProvidersController {
  constructor(@Inject(CONFIG) private readonly config: ManagementConfig) {}

  @AnyCaller()
  @Get()
  @Verb({
    id: 'Providers_ListAtTenantScope',
    description: 'The namespaces this installation answers for.',
    summary: 'Resource providers.',
    answers: { 200: providerPage },
  })
  list(): ArmReply {
    return ok({ value: Object.keys(providers).map((namespace) => renderProvider(namespace, this.config.REGATTA_REGIONS)) });
  }

  @AnyCaller()
  @Get(':resourceProviderNamespace')
  @Verb({
    id: 'Providers_GetAtTenantScope',
    description: 'Shows the resource types of the namespace with their regions and api-versions.',
    summary: 'One resource provider.',
    answers: { 200: providerView },
  })
  get(@Param('resourceProviderNamespace') namespace: string): ArmReply {
    return ok(renderProvider(requireNamespace(namespace), this.config.REGATTA_REGIONS));
  }
}

/** Resource providers of a subscription. Every one is registered: Terraform and az ask for it, there is nothing to do. */
@ArmController({ area: 'resources', type: 'subscriptions/providers', tag, path: 'subscriptions/:subscriptionId/providers' })
export class RegisteredProvidersController {
  constructor(@Inject(CONFIG) private readonly config: ManagementConfig) {}

  @Get()
  @Verb({
    id: 'Providers_List',
    description: 'The namespaces this installation answers for, as the subscription sees them.',
    summary: 'Resource providers of a subscription.',
    action: 'Microsoft.Resources/subscriptions/providers/read',
    answers: { 200: providerPage },
  })
  list(@InSubscription() { id }: SubscriptionEntity): ArmReply {
    return ok({ value: Object.keys(providers).map((namespace) => renderProvider(namespace, this.config.REGATTA_REGIONS, id)) });
  }

  @Get(':resourceProviderNamespace')
  @Verb({
    id: 'Providers_Get',
    description: 'Shows the resource types of the namespace with their regions and api-versions.',
    summary: 'One resource provider of a subscription.',
    action: 'Microsoft.Resources/subscriptions/providers/read',
    answers: { 200: providerView },
  })
  get(@InSubscription() { id }: SubscriptionEntity, @Param('resourceProviderNamespace') namespace: string): ArmReply {
    return ok(renderProvider(requireNamespace(namespace), this.config.REGATTA_REGIONS, id));
  }

  @Post(':resourceProviderNamespace/register')
  @HttpCode(200)
  @Verb({
    id: 'Providers_Register',
    description:
      'There is nothing to do: every provider is registered in every subscription. SDKs and Terraform ask before their first call.',
    summary: 'Registers a subscription for a provider: it is already.',
    action: 'Microsoft.ContainerRegistry/register/action',
    answers: { 200: providerView },
  })
  register(@InSubscription() { id }: SubscriptionEntity, @Param('resourceProviderNamespace') namespace: string): ArmReply {
    return ok(renderProvider(requireNamespace(namespace), this.config.REGATTA_REGIONS, id));
  }
}

function requireNamespace(text: string): string {
  const namespace = namespaceOf(text);
  if (namespace !== undefined) return namespace;
  throw new Fault('ProviderNotFound', `The resource namespace '${text.slice(0, 128)}' is invalid.`, {
    target: 'resourceProviderNamespace',
  });
}
