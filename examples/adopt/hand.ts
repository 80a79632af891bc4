import { adoptApp } from './adopt-app.ts';

adoptApp({ owner: 'hand' }).synth();
