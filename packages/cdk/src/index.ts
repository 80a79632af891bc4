export * from './bucket-event';
export * from './model-data';
export * from './model-props';
export * from './refresher';
export * from './sagemaker-endpoint';
export * from './smoke-test';
export * from './verification';
