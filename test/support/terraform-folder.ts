import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RegistryArguments } from './azurerm-registry.js';
import { finish, run } from './run.js';
import { credentialsOf, type ServiceFacts } from './service-process.js';

/** Terraform or OpenTofu, and the provider. */
export interface TerraformPrograms {
  terraform: string;
  azurerm: string;
}

/** What TERRAFORM (terraform or tofu) and AZURERM (the provider) name; nothing where either is not set. */
export function terraformPrograms(): TerraformPrograms[] {
  const { TERRAFORM: terraform, AZURERM: azurerm } = process.env;
  return terraform && azurerm ? [{ terraform, azurerm }] : [];
}

const address = 'azurerm_container_registry.one';

/** A folder with a configuration of one registry, and the state of it. */
export class TerraformFolder {
  private constructor(
    readonly programs: TerraformPrograms,
    readonly service: ServiceFacts,
    readonly group: string,
    readonly path: string,
  ) {}

  static async make(programs: TerraformPrograms, service: ServiceFacts, group: string): Promise<TerraformFolder> {
    const path = await mkdtemp(join(tmpdir(), 'regatta-terraform-'));
    const override = `dev_overrides { "hashicorp/azurerm" = "${dirname(programs.azurerm)}" }`;
    await writeFile(join(path, 'cli.tfrc'), `disable_checkpoint = true\nprovider_installation {\n${override}\n}\n`);
    return new TerraformFolder(programs, service, group, path);
  }

  async apply(name: string, wanted: RegistryArguments): Promise<void> {
    await writeFile(join(this.path, 'main.tf'), configurationOf(this.service, this.group, name, wanted));
    await this.#run('apply', '-auto-approve');
  }

  /** `nothing`, or what a plan would do. */
  async plan(): Promise<string> {
    const { code, stdout, stderr } = await finish(this.programs.terraform, ['plan', '-no-color', '-detailed-exitcode'], this.#options());
    return code === 0 ? 'nothing' : stdout + stderr;
  }

  /** Loses the state, not the registry. */
  forget(): Promise<string> {
    return this.#run('state', 'rm', address);
  }

  import(name: string): Promise<string> {
    const { subscriptionId } = credentialsOf(this.service);
    const group = `/subscriptions/${subscriptionId}/resourceGroups/${this.group}`;
    return this.#run('import', '-no-color', address, `${group}/providers/Microsoft.ContainerRegistry/registries/${name}`);
  }

  destroy(): Promise<string> {
    return this.#run('destroy', '-no-color', '-auto-approve');
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }

  #run(...args: string[]): Promise<string> {
    return run(this.programs.terraform, args, this.#options());
  }

  #options() {
    const { tenantId, subscriptionId, clientId, clientSecret } = credentialsOf(this.service);
    return {
      cwd: this.path,
      timeoutSeconds: 300,
      env: {
        TF_CLI_CONFIG_FILE: join(this.path, 'cli.tfrc'),
        TF_IN_AUTOMATION: '1',
        CHECKPOINT_DISABLE: '1',
        SSL_CERT_FILE: this.service.caFile,
        ARM_TENANT_ID: tenantId,
        ARM_SUBSCRIPTION_ID: subscriptionId,
        ARM_CLIENT_ID: clientId,
        ARM_CLIENT_SECRET: clientSecret,
      },
    };
  }
}

function configurationOf(service: ServiceFacts, group: string, name: string, wanted: RegistryArguments): string {
  const { identity, network_rule_set: rules, ...plain } = wanted;
  const lines = Object.entries(plain)
    .filter(([argument, value]) => !(argument === 'retention_policy_in_days' && value === 0))
    .map(([argument, value]) => `  ${argument} = ${JSON.stringify(value)}`);
  const ranges = rules?.ip_range.map((range) => `{ action = "Allow", ip_range = "${range}" }`) ?? [];
  return `
terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm" }
  }
}
provider "azurerm" {
  features {}
  metadata_host = "${new URL(service.managementUrl).host}"
}
resource "azurerm_container_registry" "one" {
  name                = "${name}"
  resource_group_name = "${group}"
  location            = "eastus"
${lines.join('\n')}
${identity === null ? '' : `  identity { type = "${identity}" }`}
${rules ? `  network_rule_set = [{ default_action = "${rules.default_action}", ip_rule = [${ranges.join(', ')}] }]` : ''}
}
`;
}
