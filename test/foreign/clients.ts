/** The keys of the emulated account's root user. */
export const ROOT_CREDENTIALS = { accessKeyId: 'root', secretAccessKey: 'root' };

/** Configuration of an SDK client that calls a local server as the account's root user. */
export const clientConfig = (endpoint: string) => ({ endpoint, region: 'us-east-1', credentials: ROOT_CREDENTIALS });
