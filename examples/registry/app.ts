import { registryApp } from './registry-app.ts';

registryApp().synth();
