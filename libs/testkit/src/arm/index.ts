export { ArmClient, publishedContract, type ArmCallOptions, type ArmClientOptions, type ArmResponse } from './arm-client.js';
export { ArmContract } from './arm-contract.js';
export type { Contract } from './contract.js';
export { OpenApiContract } from './open-api-contract.js';
export type { Exchange } from './exchange.js';
export { describeArmResource, type ArmResourceCase } from './describe-arm-resource.js';
export { specFolder } from './spec-folder.js';
