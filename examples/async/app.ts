import { asyncApp } from './async-app.ts';

asyncApp().synth();
