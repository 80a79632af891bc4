export { awsPorts } from './adapters/aws-ports.ts';
export { createHandler } from './lambda/handler.ts';
