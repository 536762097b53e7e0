export { ArmClient, publishedContract, type ArmCallOptions, type ArmClientOptions, type ArmResponse } from './arm-client.js';
export { ArmContract, type Exchange } from './arm-contract.js';
export { specFolder } from './spec-folder.js';
