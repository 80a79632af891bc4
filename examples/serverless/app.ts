import { serverlessApp } from './serverless-app.ts';

serverlessApp().synth();
