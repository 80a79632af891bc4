export * from './bucket-event';
export * from './model-props';
export * from './refresher';
export * from './sagemaker-endpoint';
